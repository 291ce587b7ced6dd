phone-title = Open dit in je wallet-app
computer-title = Open dit op je telefoon
intro = Iemand wil je een sleutel, een pas of een ticket geven.
left-days = { $count ->
    [one] Nog { $count } dag beschikbaar.
   *[other] Nog { $count } dagen beschikbaar.
}
left-hours = { $count ->
    [one] Nog { $count } uur beschikbaar.
   *[other] Nog { $count } uur beschikbaar.
}
left-minutes = { $count ->
    [one] Nog { $count } minuut beschikbaar.
   *[other] Nog { $count } minuten beschikbaar.
}
get-app = Installeer de app { $app }:
for-iphone = { $app } voor iPhone
for-android = { $app } voor Android
ask-sender = Je hebt een wallet-app nodig die zulke links aanneemt. Vraag de afzender welke.
tap-again = Ga dan terug naar het bericht en tik nog eens op de link.
on-phone = Open het bericht op je telefoon en tik daar op de link.
on-phone-app = De telefoon heeft de app { $app } nodig:
no-code = Hier staat geen QR-code: het geheim in de link verlaat je browser nooit, dus deze pagina kent het niet.
beware = Ga alleen verder als je dit verwachtte van iemand die je kent. Niemand heeft gecontroleerd wat de afzender schrijft.
sender-writes = De afzender schrijft
relay = Relay: { $host }
operator = Beheerd door { $operator }
sealed = Het geeft door wat verzegeld is en kan het niet lezen.
gone-title = Niet meer beschikbaar
gone = Wat hier gedeeld werd, is ontvangen, ingetrokken of verlopen. Vraag de afzender om het opnieuw te delen.
busy-title = Probeer het opnieuw
busy = De relay heeft het nu te druk. Laad deze pagina zo dadelijk opnieuw.
