import os

from attempt import attempt

attempt("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99)))
attempt("round robin", lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)))
attempt("a process that is not here", lambda: os.setpriority(os.PRIO_PROCESS, 4194303, 19))
