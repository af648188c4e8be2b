"""`agent restart` on many hosts over SSH, for a jump host that has Python and nothing else.

First the roll asks all hosts for their status, and reports what is wrong. Then it goes batch after
batch, each host by `agent restart --attached` over a connection of its own. It starts a host only
where HAProxy, asked at that moment, has a server to spare. The agents' own floor makes that safe;
asking first makes it quick.

The decisions, without effects:

    plan      the order of the hosts, and the batches
    step      what is to be done next: start, pause, wait, end
    guard     who of those that are next may go now
    status    what a host says of itself: the parser of the Ansible collection
    judge     what that means for a roll
    ending    what the end of an `agent restart` means

and what acts on them:

    main      command_line, options, hosts -> exit code
    session   one call of the program: snapshot, roll, summary
    snapshot  one look at all hosts before anything begins
    roll      the loop: look, decide, act; signals stop it
    host      one host: its status, its restart, its way back into rotation
    ssh       one connection a host; program is what runs over it, and its output
    record    what was done, in a file, to go on from
    screen    how it goes, for people
    summary   how it went, for people and machines

What a host answers is data: it is bounded, parsed, escaped, and never run here.
"""
