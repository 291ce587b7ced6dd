phone-title = Ábrelo en tu app de cartera
computer-title = Ábrelo en tu teléfono
intro = Alguien quiere darte una llave, un pase o una entrada.
left-days = { $count ->
    [one] Disponible { $count } día más.
   *[other] Disponible { $count } días más.
}
left-hours = { $count ->
    [one] Disponible { $count } hora más.
   *[other] Disponible { $count } horas más.
}
left-minutes = { $count ->
    [one] Disponible { $count } minuto más.
   *[other] Disponible { $count } minutos más.
}
get-app = Instala la app { $app }:
for-iphone = { $app } para iPhone
for-android = { $app } para Android
ask-sender = Necesitas una app de cartera que acepte estos enlaces. Pregunta cuál a quien te lo envía.
tap-again = Después vuelve al mensaje y toca el enlace otra vez.
on-phone = Abre el mensaje en tu teléfono y toca allí el enlace.
on-phone-app = El teléfono necesita la app { $app }:
no-code = Aquí no hay código QR: el secreto del enlace nunca sale de tu navegador, así que esta página no lo conoce.
beware = Sigue solo si lo esperabas de alguien que conoces. Nadie ha comprobado lo que escribe quien lo envía.
sender-writes = Quien lo envía escribe
relay = Relé: { $host }
operator = Operado por { $operator }
sealed = Transmite lo que va sellado y no puede leerlo.
gone-title = Ya no está disponible
gone = Lo que se compartió aquí se ha recibido, se ha retirado o ha caducado. Pide a quien lo envió que lo comparta de nuevo.
busy-title = Inténtalo de nuevo
busy = El relé tiene ahora demasiado trabajo. Vuelve a cargar esta página dentro de un momento.
