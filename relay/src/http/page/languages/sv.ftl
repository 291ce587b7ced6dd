phone-title = Öppna i din plånboksapp
computer-title = Öppna på din telefon
intro = Någon vill ge dig en nyckel, ett passerkort eller en biljett.
left-days = { $count ->
    [one] Tillgänglig { $count } dag till.
   *[other] Tillgänglig { $count } dagar till.
}
left-hours = { $count ->
    [one] Tillgänglig { $count } timme till.
   *[other] Tillgänglig { $count } timmar till.
}
left-minutes = { $count ->
    [one] Tillgänglig { $count } minut till.
   *[other] Tillgänglig { $count } minuter till.
}
get-app = Hämta appen { $app }:
for-iphone = { $app } för iPhone
for-android = { $app } för Android
ask-sender = Du behöver en plånboksapp som tar emot sådana länkar. Fråga avsändaren vilken.
tap-again = Gå sedan tillbaka till meddelandet och tryck på länken igen.
on-phone = Öppna meddelandet på telefonen och tryck på länken där.
on-phone-app = Telefonen behöver appen { $app }:
no-code = Här finns ingen QR-kod: hemligheten i länken lämnar aldrig din webbläsare, så den här sidan känner inte till den.
beware = Fortsätt bara om du väntade dig detta från någon du känner. Ingen har kontrollerat vad avsändaren skriver.
sender-writes = Avsändaren skriver
relay = Relä: { $host }
operator = Drivs av { $operator }
sealed = Det skickar vidare det som är förseglat och kan inte läsa det.
gone-title = Inte längre tillgänglig
gone = Det som delades här har tagits emot, dragits tillbaka eller gått ut. Be avsändaren dela det igen.
busy-title = Försök igen
busy = Reläet har för mycket att göra just nu. Läs in sidan igen om en stund.
