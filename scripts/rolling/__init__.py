"""An operation of the agent on many hosts over SSH. It needs Python and nothing else.

First the roll asks all hosts for their status, and reports what is wrong. Then it restarts batch
after batch, each host with `agent restart --attached` over a connection of its own. It starts a
host only if HAProxy, asked at that moment, can spare a server. The agents' own floor makes that
safe. Asking first makes it quick. A switch takes no host out, so it waits for no spare server.

The decisions, without effects:

    plan      the order of the hosts, and the batches
    step      the next step: start, pause, wait, end
    guard     the hosts that may begin now
    status    the status of a host: the parser of the Ansible collection
    judge     the meaning of that status for a roll
    ending    the meaning of the agent's end
    verbs     the verbs, and the options that go with each
    toggle    what is on or off on all hosts: maintenance and read-only
    pairs     one host in the place of another, by its ways; steady: whether it serves users
    window    the time after which no batch begins
    confirm   the meaning of an approval

The effects:

    main      command_line, options, hosts -> exit code
    session   one call of the program: snapshot, roll, summary
    snapshot  one look at all hosts before anything begins
    roll      the loop: look, decide, act; signals stop it
    farm      all hosts at once, or none, instead of that loop; swap: pair by pair, after a look
    call      what these two work with; events: the first and the last event of any work
    between   before each batch: hooks, a pause, an approval, the window
    sources   where an approval comes from: a file, a command, the terminal
    hooks     command lines of the operator at each event; local runs them
    inventory the hosts of an Ansible inventory
    host      one host: its status, its restart or switch, its way back into rotation
    ssh       one connection a host; program: a program that runs over it, and its output
    record    a file with the states of all hosts, to continue from
    screen    the progress, for people
    summary   the result, for people and machines

The answer of a host is data: the roll limits, parses and escapes it, and never runs it.
"""
