// Fires the Worker's scheduled handler: plain workerd has no clock of its own, so the launcher asks here once a minute.
export default {
  async fetch(_request, env) {
    const result = await env.WORKER.scheduled({ scheduledTime: new Date(), cron: '* * * * *' });
    return Response.json({ outcome: result.outcome }, { status: result.outcome === 'ok' ? 200 : 500 });
  },
};
