phone-title = Open it in your wallet app
computer-title = Open it on your phone
intro = Somebody wants to give you a key, a pass or a ticket.
left-days = { $count ->
    [one] Available for { $count } more day.
   *[other] Available for { $count } more days.
}
left-hours = { $count ->
    [one] Available for { $count } more hour.
   *[other] Available for { $count } more hours.
}
left-minutes = { $count ->
    [one] Available for { $count } more minute.
   *[other] Available for { $count } more minutes.
}
get-app = Get the app { $app }:
for-iphone = { $app } for iPhone
for-android = { $app } for Android
ask-sender = You need a wallet app that takes such links. Ask the sender which one.
tap-again = Then go back to the message and tap the link again.
on-phone = Open the message on your phone and tap the link there.
on-phone-app = The phone needs the app { $app }:
no-code = There is no QR code here: the secret in the link never leaves your browser, so this page can’t know it.
beware = Go on only if you expected this from somebody you know. Nobody has checked what the sender writes.
sender-writes = The sender writes
relay = Relay: { $host }
operator = Run by { $operator }
sealed = It passes on what is sealed and can’t read it.
gone-title = No longer available
gone = What was shared here has been received, withdrawn, or has expired. Ask the sender to share it again.
busy-title = Please try again
busy = The relay has too much to do right now. Load this page again in a moment.
