phone-title = Aprilo nella tua app wallet
computer-title = Aprilo sul tuo telefono
intro = Qualcuno vuole darti una chiave, un pass o un biglietto.
left-days = { $count ->
    [one] Disponibile ancora per { $count } giorno.
   *[other] Disponibile ancora per { $count } giorni.
}
left-hours = { $count ->
    [one] Disponibile ancora per { $count } ora.
   *[other] Disponibile ancora per { $count } ore.
}
left-minutes = { $count ->
    [one] Disponibile ancora per { $count } minuto.
   *[other] Disponibile ancora per { $count } minuti.
}
get-app = Installa l’app { $app }:
for-iphone = { $app } per iPhone
for-android = { $app } per Android
ask-sender = Ti serve un’app wallet che accetti questi link. Chiedi al mittente quale.
tap-again = Poi torna al messaggio e tocca di nuovo il link.
on-phone = Apri il messaggio sul telefono e tocca lì il link.
on-phone-app = Al telefono serve l’app { $app }:
no-code = Qui non c’è un codice QR: il segreto del link non lascia mai il tuo browser, quindi questa pagina non lo conosce.
beware = Continua solo se te lo aspettavi da qualcuno che conosci. Nessuno ha verificato ciò che scrive il mittente.
sender-writes = Il mittente scrive
relay = Relay: { $host }
operator = Gestito da { $operator }
sealed = Trasmette ciò che è sigillato e non può leggerlo.
gone-title = Non più disponibile
gone = Ciò che era condiviso qui è stato ricevuto, ritirato o è scaduto. Chiedi al mittente di condividerlo di nuovo.
busy-title = Riprova
busy = Il relay ha troppo da fare in questo momento. Ricarica questa pagina tra poco.
