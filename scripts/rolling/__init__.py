"""`agent restart` on many hosts over SSH, for a jump host that has Python and nothing else.

A roll goes so: all hosts are asked for their status, and what is not well is told before
anything begins; then batch after batch, each host by `agent restart --attached` over a
connection of its own. A host is started only where HAProxy, asked at that moment, has a
server to spare; the agents' own floor is what makes that safe, asking first is what makes it
quick.

The decisions, without effects:

    plan      the order of the hosts, and the batches
    step      what is to be done next: start, pause, wait, end
    guard     who of those that are next may go now
    status    what a host says of itself: the parser of the Ansible collection
    judge     what that means for a roll
    ending    what the end of an `agent restart` means

and what acts on them:

    main      command_line, options, hosts -> exit code
    session   one call of the program: survey, roll, summary
    survey    how all hosts stand before anything begins
    roll      the loop: look, decide, act; stop is what signals ask for
    host      one host: its status, its restart, its way back into rotation
    ssh       one connection a host; program is what runs over it, and its output
    record    what was done, in a file, to go on from
    screen    how it goes, for people
    summary   how it went, for people and machines

What comes from a host is data: it is bounded, parsed, made visible, and never run here.
"""
