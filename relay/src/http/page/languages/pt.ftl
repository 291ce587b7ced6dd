phone-title = Abra no seu app de carteira
computer-title = Abra no seu telefone
intro = Alguém quer lhe dar uma chave, um passe ou um ingresso.
left-days = { $count ->
    [one] Disponível por mais { $count } dia.
   *[other] Disponível por mais { $count } dias.
}
left-hours = { $count ->
    [one] Disponível por mais { $count } hora.
   *[other] Disponível por mais { $count } horas.
}
left-minutes = { $count ->
    [one] Disponível por mais { $count } minuto.
   *[other] Disponível por mais { $count } minutos.
}
get-app = Instale o app { $app }:
for-iphone = { $app } para iPhone
for-android = { $app } para Android
ask-sender = Você precisa de um app de carteira que aceite estes links. Pergunte a quem enviou qual é.
tap-again = Depois volte à mensagem e toque no link outra vez.
on-phone = Abra a mensagem no telefone e toque no link lá.
on-phone-app = O telefone precisa do app { $app }:
no-code = Não há código QR aqui: o segredo do link nunca sai do seu navegador, por isso esta página não o conhece.
beware = Continue apenas se esperava isto de alguém que conhece. Ninguém verificou o que o remetente escreve.
sender-writes = O remetente escreve
relay = Relay: { $host }
operator = Operado por { $operator }
sealed = Ele repassa o que está selado e não consegue ler.
gone-title = Não está mais disponível
gone = O que foi compartilhado aqui foi recebido, retirado ou expirou. Peça ao remetente que compartilhe de novo.
busy-title = Tente novamente
busy = O relay está ocupado demais agora. Recarregue esta página daqui a pouco.
