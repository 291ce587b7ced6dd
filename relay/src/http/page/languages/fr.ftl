phone-title = À ouvrir dans votre app de portefeuille
computer-title = À ouvrir sur votre téléphone
intro = Quelqu’un veut vous donner une clé, un pass ou un billet.
left-days = { $count ->
    [one] Disponible encore { $count } jour.
   *[other] Disponible encore { $count } jours.
}
left-hours = { $count ->
    [one] Disponible encore { $count } heure.
   *[other] Disponible encore { $count } heures.
}
left-minutes = { $count ->
    [one] Disponible encore { $count } minute.
   *[other] Disponible encore { $count } minutes.
}
get-app = Installez l’app { $app } :
for-iphone = { $app } pour iPhone
for-android = { $app } pour Android
ask-sender = Il vous faut une app de portefeuille qui accepte ces liens. Demandez à l’expéditeur laquelle.
tap-again = Revenez ensuite au message et touchez de nouveau le lien.
on-phone = Ouvrez le message sur votre téléphone et touchez-y le lien.
on-phone-app = Il faut au téléphone l’app { $app } :
no-code = Il n’y a pas de code QR ici : le secret du lien ne quitte jamais votre navigateur, cette page ne le connaît donc pas.
beware = Ne continuez que si vous attendiez ceci de quelqu’un que vous connaissez. Personne n’a vérifié ce qu’écrit l’expéditeur.
sender-writes = L’expéditeur écrit
relay = Relais : { $host }
operator = Exploité par { $operator }
sealed = Il transmet ce qui est scellé et ne peut pas le lire.
gone-title = Plus disponible
gone = Ce qui était partagé ici a été reçu, retiré ou a expiré. Demandez à l’expéditeur de le partager à nouveau.
busy-title = Veuillez réessayer
busy = Le relais est surchargé en ce moment. Rechargez cette page dans un instant.
