phone-title = 지갑 앱에서 여세요
computer-title = 휴대전화에서 여세요
intro = 누군가 열쇠, 출입증 또는 티켓을 보내려고 합니다.
left-days = { $count ->
   *[other] 앞으로 { $count }일 동안 받을 수 있습니다.
}
left-hours = { $count ->
   *[other] 앞으로 { $count }시간 동안 받을 수 있습니다.
}
left-minutes = { $count ->
   *[other] 앞으로 { $count }분 동안 받을 수 있습니다.
}
get-app = { $app } 앱을 설치하세요:
for-iphone = iPhone용 { $app }
for-android = Android용 { $app }
ask-sender = 이런 링크를 받는 지갑 앱이 필요합니다. 어떤 앱인지 보낸 사람에게 물어보세요.
tap-again = 그런 다음 메시지로 돌아가 링크를 다시 누르세요.
on-phone = 휴대전화에서 메시지를 열고 그곳에서 링크를 누르세요.
on-phone-app = 휴대전화에 { $app } 앱이 필요합니다:
no-code = 여기에는 QR 코드가 없습니다. 링크의 비밀은 브라우저를 떠나지 않으므로 이 페이지는 알 수 없습니다.
beware = 아는 사람이 보내기로 한 경우에만 계속하세요. 보낸 사람의 글은 아무도 확인하지 않았습니다.
sender-writes = 보낸 사람의 글
relay = 중계 서버: { $host }
operator = 운영: { $operator }
sealed = 봉인된 내용을 전달할 뿐 읽을 수 없습니다.
gone-title = 더 이상 받을 수 없습니다
gone = 여기에서 공유된 것은 이미 받았거나, 취소되었거나, 만료되었습니다. 보낸 사람에게 다시 공유해 달라고 하세요.
busy-title = 다시 시도하세요
busy = 지금 중계 서버가 바쁩니다. 잠시 후 이 페이지를 다시 불러오세요.
