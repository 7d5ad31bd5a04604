import type { ServerEvent } from '@modelcontextprotocol/server';
import type { Visible } from '../../database/changed.ts';
import type { Batch } from '../../tenants/changes/pending-changes.ts';
import type { ListenFilter } from './listen-filter.ts';
import { type ResourceTopic, resourceTopic } from './resource-topic.ts';

/** What a batch of changes comes to for one subscriber. */
export interface Heard {
  readonly batch: Batch;
  /** What of it the subscriber may see. */
  readonly visible: Visible;
  /** Its role or its scopes are others than before, so the lists may be. */
  readonly isOther: boolean;
}

/** The events of the protocol that a subscriber is told, in a fixed order, each once. Pure. */
export function eventsFor(filter: ListenFilter, heard: Heard): ServerEvent[] {
  const { batch, isOther } = heard;
  const events: ServerEvent[] = [];
  const anyList = isOther || batch.anything;
  if (filter.toolsListChanged === true && anyList) events.push({ kind: 'tools_list_changed' });
  if (filter.promptsListChanged === true && anyList) events.push({ kind: 'prompts_list_changed' });
  if (filter.resourcesListChanged === true && (anyList || isListed(heard)))
    events.push({ kind: 'resources_list_changed' });
  for (const uri of new Set(filter.resourceSubscriptions ?? [])) {
    const topic = resourceTopic(uri);
    if (topic !== null && (batch.anything || concerns(topic, heard)))
      events.push({ kind: 'resource_updated', uri });
  }
  return events;
}

/** The projects and runs that a batch names, for asking which of them a subscriber may see. */
export function namesIn({ files, projects, data, runs }: Batch): { projects: string[]; runs: string[] } {
  return { projects: [...new Set([...files.keys(), ...projects, ...data.keys()])], runs: [...runs] };
}

/** An event as the notification that carries it. */
export function asNotification(event: ServerEvent): {
  readonly method: string;
  readonly params?: { readonly uri: string };
} {
  return event.kind === 'resource_updated'
    ? { method: 'notifications/resources/updated', params: { uri: event.uri } }
    : { method: `notifications/${event.kind.replace('_list_changed', '/list_changed')}` };
}

function isListed({ batch, visible }: Heard): boolean {
  const listed = [...batch.files].flatMap(([project, files]) => (files.listed ? [project] : []));
  return (
    [...batch.projects, ...batch.data.keys(), ...listed].some((project) => visible.projects.has(project)) ||
    [...batch.runs].some((run) => visible.runs.has(run))
  );
}

function concerns(topic: ResourceTopic, { batch, visible }: Heard): boolean {
  switch (topic.kind) {
    case 'fixed':
      return false;
    case 'run':
      return batch.runs.has(topic.run) && visible.runs.has(topic.run);
    case 'data':
      return projectsNamed(topic.project, visible).some((project) => {
        const sources = batch.data.get(project);
        return sources !== undefined && (topic.source === null || sources.has(topic.source));
      });
    case 'project':
      return projectsNamed(topic.project, visible).some((project) => {
        const files = batch.files.get(project);
        const isTouched = files !== undefined && (topic.path === null || files.paths.has(topic.path));
        return batch.projects.has(project) || isTouched;
      });
  }
}

/** Ids of the visible projects that a subscriber's reference, an id or a name, means. */
function projectsNamed(reference: string, { projects }: Visible): string[] {
  const name = reference.toLowerCase();
  return [...projects].flatMap(([id, own]) => (id === reference || own.toLowerCase() === name ? [id] : []));
}
