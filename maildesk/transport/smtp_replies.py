"""Every reply of the listener: fixed texts with enhanced status codes.

Nothing that a peer sent and nothing that an exception says is ever repeated in a reply.
RFC 5321 section 4.2.3 (codes), RFC 3463 and RFC 2034 (enhanced status codes).
"""

from maildesk.mail.envelope import Answer

OK = Answer(250, "2.0.0", "OK")
BYE = Answer(221, "2.0.0", "Bye")
HELP = Answer(214, "2.0.0", "Commands are those of RFC 5321")
SENDER_OK = Answer(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Answer(250, "2.1.5", "Recipient OK")
NOT_VERIFIED = Answer(252, "2.0.0", "Addresses are not verified; send a mail")

TOO_BIG = Answer(552, "5.3.4", "The mail is larger than we take")
BARE_NEWLINE = Answer(550, "5.6.11", "Lines end with CRLF; the mail has a CR or LF by itself")

TOO_MANY_CONNECTIONS = Answer(421, "4.3.2", "Too many connections; try again later")
TOO_MANY_FROM_PEER = Answer(421, "4.7.0", "Too many connections from your address")
TOO_MANY_MESSAGES = Answer(421, "4.7.0", "Too many mails in one session; connect again")
TOO_MANY_ERRORS = Answer(421, "4.7.0", "Too many errors; goodbye")
TIMED_OUT = Answer(421, "4.4.2", "Timed out; goodbye")
STOPPING = Answer(421, "4.3.2", "Shutting down; try again later")
BROKEN = Answer(421, "4.3.0", "Something went wrong here; try again later")

NOT_STORED = Answer(451, "4.3.0", "The mail could not be stored; try again later")
NOT_NOW = Answer(451, "4.3.0", "Not possible now; try again later")
NO_ROOM = Answer(452, "4.3.1", "Not enough storage; try again later")
TOO_MANY_RECIPIENTS = Answer(452, "4.5.3", "Too many recipients; send the mail again for the rest")

LINE_TOO_LONG = Answer(500, "5.5.2", "The line is too long")
NOT_CRLF = Answer(500, "5.5.2", "Lines end with CRLF")
NOT_TEXT = Answer(500, "5.5.2", "A command is ASCII or UTF-8, without control characters")
EMPTY_LINE = Answer(500, "5.5.2", "A command is expected")
UNKNOWN_COMMAND = Answer(500, "5.5.1", "The command is not known")
NOT_OFFERED = Answer(502, "5.5.1", "The command is not offered")
HELLO_FIRST = Answer(503, "5.5.1", "Say EHLO (in LMTP: LHLO) first")
MAIL_FIRST = Answer(503, "5.5.1", "Say MAIL first")
RECIPIENT_FIRST = Answer(503, "5.5.1", "No recipient was accepted")
MAIL_ALREADY = Answer(503, "5.5.1", "A mail has already begun")
TLS_ALREADY = Answer(503, "5.5.1", "TLS is already active")
BAD_ARGUMENT = Answer(501, "5.5.4", "The argument is not well formed")
BAD_PARAMETER = Answer(555, "5.5.4", "A parameter is not known")
NEEDS_SMTPUTF8 = Answer(553, "5.6.7", "The address needs SMTPUTF8")
NOT_OURS = Answer(550, "5.1.1", "There is no such address here")
SPOKE_TOO_SOON = Answer(554, "5.5.1", "Do not send before you are greeted")
SPOKE_BEFORE_TLS = Answer(554, "5.5.1", "Nothing may follow STARTTLS before TLS is active")
NOT_A_MAILER = Answer(421, "4.7.0", "This is a mail server")
