"""An agent's mail: `#commands`, and the words that go out in his name.

agents             what becomes of the mail
attempt            its commands carried out on a draft, its words as they would go out
lines, blocks      which lines are commands; hashtags, vocabulary: which verb a word means
verbs              what each does, a function a verb; add one there (table: what they share)
arguments          what stands behind a verb
outgoing           his own words, and nothing that was meant for agents
objections         why they may not go out
holding            the mail is kept, its writer asked
confirming         his answer to that
questions          what he asks the desk: #status, #queue, #why
command_notices    receipts, and who got a case
"""
