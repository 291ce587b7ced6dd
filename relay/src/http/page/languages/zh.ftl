phone-title = 请在钱包应用中打开
computer-title = 请在手机上打开
intro = 有人想把钥匙、通行证或票券交给您。
left-days = { $count ->
   *[other] 还可领取 { $count } 天。
}
left-hours = { $count ->
   *[other] 还可领取 { $count } 小时。
}
left-minutes = { $count ->
   *[other] 还可领取 { $count } 分钟。
}
get-app = 获取应用“{ $app }”：
for-iphone = { $app }（iPhone）
for-android = { $app }（Android）
ask-sender = 您需要支持此类链接的钱包应用。请询问发送者应使用哪一款。
tap-again = 然后返回消息，再次点按链接。
on-phone = 请在手机上打开消息，并在那里点按链接。
on-phone-app = 手机需要应用“{ $app }”：
no-code = 此处没有二维码：链接中的密钥从不离开您的浏览器，因此本页面并不知道它。
beware = 仅当您正在等待认识的人发送时才继续。发送者所写的内容未经任何人核实。
sender-writes = 发送者写道
relay = 中继：{ $host }
operator = 运营者：{ $operator }
sealed = 它只转交已加密的内容，无法读取。
gone-title = 已不可用
gone = 此处分享的内容已被领取、撤回或已过期。请让发送者重新分享。
busy-title = 请重试
busy = 中继目前过于繁忙。请稍后重新加载本页面。
