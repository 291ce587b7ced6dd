phone-title = In der Wallet-App öffnen
computer-title = Auf dem Telefon öffnen
intro = Jemand möchte Ihnen einen Schlüssel, einen Ausweis oder ein Ticket geben.
left-days = { $count ->
    [one] Noch { $count } Tag verfügbar.
   *[other] Noch { $count } Tage verfügbar.
}
left-hours = { $count ->
    [one] Noch { $count } Stunde verfügbar.
   *[other] Noch { $count } Stunden verfügbar.
}
left-minutes = { $count ->
    [one] Noch { $count } Minute verfügbar.
   *[other] Noch { $count } Minuten verfügbar.
}
get-app = Holen Sie sich die App { $app }:
for-iphone = { $app } für iPhone
for-android = { $app } für Android
ask-sender = Sie brauchen eine Wallet-App, die solche Links annimmt. Fragen Sie den Absender, welche.
tap-again = Gehen Sie dann zurück zur Nachricht und tippen Sie noch einmal auf den Link.
on-phone = Öffnen Sie die Nachricht auf dem Telefon und tippen Sie dort auf den Link.
on-phone-app = Das Telefon braucht die App { $app }:
no-code = Hier steht kein QR-Code: Das Geheimnis im Link verlässt Ihren Browser nie, diese Seite kennt es also nicht.
beware = Machen Sie nur weiter, wenn Sie das von jemandem erwarten, den Sie kennen. Niemand hat geprüft, was der Absender schreibt.
sender-writes = Der Absender schreibt
relay = Relay: { $host }
operator = Betreiber: { $operator }
sealed = Es reicht Versiegeltes weiter und kann es nicht lesen.
gone-title = Nicht mehr verfügbar
gone = Was hier geteilt wurde, ist empfangen, zurückgezogen oder abgelaufen. Bitten Sie den Absender, es noch einmal zu teilen.
busy-title = Bitte noch einmal versuchen
busy = Das Relay hat gerade zu viel zu tun. Laden Sie diese Seite gleich noch einmal.
