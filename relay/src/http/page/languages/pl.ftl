phone-title = Otwórz w aplikacji portfela
computer-title = Otwórz na telefonie
intro = Ktoś chce przekazać Ci klucz, przepustkę lub bilet.
left-days = { $count ->
    [one] Dostępne jeszcze { $count } dzień.
    [few] Dostępne jeszcze { $count } dni.
   *[many] Dostępne jeszcze { $count } dni.
}
left-hours = { $count ->
    [one] Dostępne jeszcze { $count } godzinę.
    [few] Dostępne jeszcze { $count } godziny.
   *[many] Dostępne jeszcze { $count } godzin.
}
left-minutes = { $count ->
    [one] Dostępne jeszcze { $count } minutę.
    [few] Dostępne jeszcze { $count } minuty.
   *[many] Dostępne jeszcze { $count } minut.
}
get-app = Pobierz aplikację { $app }:
for-iphone = { $app } na iPhone’a
for-android = { $app } na Androida
ask-sender = Potrzebujesz aplikacji portfela, która przyjmuje takie linki. Zapytaj nadawcę, której.
tap-again = Potem wróć do wiadomości i dotknij linku jeszcze raz.
on-phone = Otwórz wiadomość na telefonie i tam dotknij linku.
on-phone-app = Telefon potrzebuje aplikacji { $app }:
no-code = Nie ma tu kodu QR: sekret z linku nigdy nie opuszcza przeglądarki, więc ta strona go nie zna.
beware = Kontynuuj tylko wtedy, gdy spodziewasz się tego od kogoś znajomego. Nikt nie sprawdził tego, co pisze nadawca.
sender-writes = Nadawca pisze
relay = Przekaźnik: { $host }
operator = Prowadzi: { $operator }
sealed = Przekazuje to, co zapieczętowane, i nie może tego odczytać.
gone-title = Już niedostępne
gone = To, co tu udostępniono, zostało odebrane, wycofane lub wygasło. Poproś nadawcę o ponowne udostępnienie.
busy-title = Spróbuj ponownie
busy = Przekaźnik ma teraz za dużo pracy. Za chwilę wczytaj tę stronę jeszcze raz.
