phone-title = Cüzdan uygulamanızda açın
computer-title = Telefonunuzda açın
intro = Biri size bir anahtar, giriş kartı veya bilet vermek istiyor.
left-days = { $count ->
    [one] { $count } gün daha geçerli.
   *[other] { $count } gün daha geçerli.
}
left-hours = { $count ->
    [one] { $count } saat daha geçerli.
   *[other] { $count } saat daha geçerli.
}
left-minutes = { $count ->
    [one] { $count } dakika daha geçerli.
   *[other] { $count } dakika daha geçerli.
}
get-app = { $app } uygulamasını edinin:
for-iphone = iPhone için { $app }
for-android = Android için { $app }
ask-sender = Bu tür bağlantıları kabul eden bir cüzdan uygulamasına ihtiyacınız var. Hangisi olduğunu gönderene sorun.
tap-again = Sonra mesaja dönün ve bağlantıya yeniden dokunun.
on-phone = Mesajı telefonunuzda açın ve bağlantıya orada dokunun.
on-phone-app = Telefonda { $app } uygulaması gerekir:
no-code = Burada QR kodu yok: bağlantıdaki gizli bilgi tarayıcınızdan hiç çıkmaz, bu yüzden bu sayfa onu bilemez.
beware = Yalnızca bunu tanıdığınız birinden bekliyorsanız devam edin. Gönderenin yazdıklarını kimse denetlemedi.
sender-writes = Gönderen yazıyor
relay = Aktarıcı: { $host }
operator = İşleten: { $operator }
sealed = Mühürlü olanı iletir ve okuyamaz.
gone-title = Artık yok
gone = Burada paylaşılan alındı, geri çekildi veya süresi doldu. Gönderenden yeniden paylaşmasını isteyin.
busy-title = Lütfen yeniden deneyin
busy = Aktarıcının şu anda çok işi var. Biraz sonra bu sayfayı yeniden yükleyin.
