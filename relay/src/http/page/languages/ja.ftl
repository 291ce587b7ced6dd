phone-title = ウォレットアプリで開いてください
computer-title = スマートフォンで開いてください
intro = 鍵、パス、またはチケットがあなたに送られています。
left-days = { $count ->
   *[other] あと{ $count }日間有効です。
}
left-hours = { $count ->
   *[other] あと{ $count }時間有効です。
}
left-minutes = { $count ->
   *[other] あと{ $count }分間有効です。
}
get-app = アプリ「{ $app }」を入手します：
for-iphone = iPhone版 { $app }
for-android = Android版 { $app }
ask-sender = このようなリンクに対応したウォレットアプリが必要です。どのアプリか、送信者に確認してください。
tap-again = その後メッセージに戻り、もう一度リンクをタップしてください。
on-phone = スマートフォンでメッセージを開き、そこでリンクをタップしてください。
on-phone-app = スマートフォンにはアプリ「{ $app }」が必要です：
no-code = QRコードは表示しません。リンクに含まれる秘密はブラウザの外に出ないため、このページには分からないからです。
beware = 知っている人から届く予定だった場合にだけ進んでください。送信者の文章は誰も確認していません。
sender-writes = 送信者のメッセージ
relay = 中継サーバー：{ $host }
operator = 運営：{ $operator }
sealed = 封をされた内容を渡すだけで、読むことはできません。
gone-title = もう利用できません
gone = ここで共有されたものは、受け取り済み、取り消し、または期限切れです。送信者にもう一度共有を依頼してください。
busy-title = もう一度お試しください
busy = 中継サーバーが混み合っています。しばらくしてからこのページを再読み込みしてください。
