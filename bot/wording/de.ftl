# Deutsch. Was hier fehlt, wird auf Englisch gesagt. Mitglieder werden geduzt.

## When something can't be done

empty-prompt = Schreib ein paar Worte, auf die ich antworten kann: Deine Nachricht war leer.
prompt-too-long = Bitte kürze deine Nachricht: Sie ist { $tokens } Token lang, und ich kann { $limit } lesen.
queue-share-full =
    { $place ->
        [server] Bitte versuche es gleich noch einmal. Von diesem Server warten schon { $waiting } Nachrichten, mehr dürfen es nicht sein.
       *[other] Bitte versuche es gleich noch einmal. Aus diesem Kanal warten schon { $waiting } Nachrichten, mehr dürfen es nicht sein.
    }
queue-full =
    Bitte versuch es gleich noch einmal. Ich bin ausgelastet: { $waiting ->
        [one] { $waiting } Nachricht wartet
       *[other] { $waiting } Nachrichten warten
    } schon.
deadline-while-writing =
    Bitte versuch es später noch einmal. Ich habe diese Antwort abgebrochen, weil ich mehr als { $seconds ->
        [one] { $seconds } Sekunde
       *[other] { $seconds } Sekunden
    } dafür gebraucht habe.
deadline-while-waiting =
    Bitte versuch es später noch einmal. Ich bin ausgelastet: Deine Nachricht hat { $seconds ->
        [one] { $seconds } Sekunde
       *[other] { $seconds } Sekunden
    } gewartet und kam nicht an die Reihe.
engine-stopped = Ich werde gerade beendet. Bitte versuch es in einer Minute noch einmal.
generation-failed = Beim Antworten ist etwas schiefgegangen. Bitte versuch es noch einmal.
unknown-persona = Eine Persona namens „{ $name }“ gibt es nicht. Du hast die Wahl: { $known }.
unknown-persona-none = Eine Persona namens „{ $name }“ gibt es nicht, und auch keine andere.
persona-unavailable = { $name } kann gerade nicht sprechen, weil der Adapter nicht geladen werden konnte. Wer mich betreibt, sieht den Grund im Protokoll.
already-training = { $persona } wird schon trainiert.
failure-operator = Das geht gerade nicht. Wer mich betreibt, sieht den Grund im Protokoll.
failure-permissions = Dafür fehlen dir Berechtigungen: { $permissions }.
failure-not-here = Das darfst du hier nicht.
failure-old-command = Discord zeigt noch eine alte Fassung dieses Befehls. Lade Discord neu (Strg+R) und versuch es noch einmal.
failure-discord = Discord hat mir das nicht erlaubt. Vielleicht fehlt mir hier eine Berechtigung.
failure-bug = Bei mir ist etwas kaputtgegangen (Fehler { $number }). Wer mich betreibt, findet Näheres im Protokoll.
unknown-press = Dieser Knopf funktioniert nicht mehr.
form-from-before = Ich wurde neu gestartet, nachdem dieses Formular geöffnet wurde, darum ist nichts davon gespeichert. Bitte öffne es noch einmal. Was du geschrieben hast, steht in der Datei.
form-again-from-before = Ich wurde seitdem neu gestartet. Bitte nimm den Befehl noch einmal. Was du geschrieben hast, steht in der Datei darüber.
server-only = Das geht nur auf einem Server.
server-channel-only = Das geht nur in den Kanälen eines Servers.

## Who may use the bot

access-member = Du darfst mich nicht benutzen.
access-direct-messages = Auf Direktnachrichten antworte ich nicht.
access-server = Auf diesem Server darf man mich nicht benutzen.
access-channel = In diesem Kanal darf man mich nicht benutzen.
operators-only = Das können nur die Leute, die diesen Bot betreiben.
only-asker =
    { $action ->
        [stop] Diese Antwort stoppen
        [again] Um eine andere Antwort bitten
        [keep] Zwischen den Antworten wählen
       *[delete] Diese Antwort löschen
    } kann nur, wer gefragt hat oder die Berechtigung { permission-manage-messages } hat.
too-fast =
    Bitte versuch es in { $seconds ->
        [one] { $seconds } Sekunde
       *[other] { $seconds } Sekunden
    } noch einmal. { $who ->
        [server] Dieser Server schreibt
       *[member] Du schreibst
    } schneller, als ich antworten kann.
permission-manage-channels = Kanäle verwalten
permission-manage-messages = Nachrichten verwalten
permission-manage-server = Server verwalten
permission-manage-webhooks = WebHooks verwalten

## Messages that can't be read or answered

unreadable-message =
    Bitte erwähne mich: Schreib @{ $name } in deine Nachricht oder lass beim Antworten die Erwähnung an (@ AN). Discord zeigt mir nur Nachrichten, die mich erwähnen.
no-text = Bitte schreib deine Frage neben den Anhang oder Sticker. Ich kann nur Text lesen.
cannot-write =
    Ich kann in { $channel } nicht schreiben. Bitte jemanden, der den Kanal verwaltet, mich ihn sehen, darin schreiben und seinen Verlauf lesen zu lassen.

## While a reply is written

button-stop = Stopp
button-again = Nochmal
button-correct = Besser
button-keep = Diese behalten
queue-position = { $ahead ->
        [one] { $ahead } Antwort ist
       *[other] { $ahead } Antworten sind
    } vor deiner dran …
queue-position-seconds = { $ahead ->
        [one] { $ahead } Antwort ist
       *[other] { $ahead } Antworten sind
    } vor deiner dran, noch etwa { $seconds } s …
queue-position-minutes = { $ahead ->
        [one] { $ahead } Antwort ist
       *[other] { $ahead } Antworten sind
    } vor deiner dran, noch etwa { $minutes } min …
reply-stopped = (gestoppt)
reply-interrupted = (unterbrochen)
reply-in-file = Die ganze Antwort steht in der Datei.
reply-not-saved = Diese Antwort konnte ich nicht speichern, deshalb kann man nicht über sie abstimmen.
token-removed = [Token entfernt]

## Votes and better answers

help-talk = **Reden:** Erwähne mich, antworte auf eine meiner Nachrichten oder nutze `/{ command-chat.name }`. `/{ command-persona.name } { command-persona-list.name }` zeigt, wer hier ist, `/{ command-ask.name }` fragt jemand anderen, `/{ command-forget.name }` beginnt von vorn.
help-reply = **Unter einer Antwort:** 👍 und 👎 bewerten sie, 🔁 gibt eine zweite Antwort, mit ✏️ schreibst du eine bessere, ▶ setzt eine abgeschnittene fort, ⏹ hält sie an.
help-learning = **Lernen:** Personas lernen aus Stimmen und besseren Antworten, und aus deinen Worten nur, wenn du es erlaubst: `/{ command-privacy.name }`.
reply-gone = Diese Antwort habe ich nicht mehr, deshalb lässt sie sich nicht bewerten.
not-my-reply = Das ist keine Antwort von mir, oder ich habe sie nicht mehr.
reply-deleted = Die Antwort ist gelöscht, und aus ihr wird nichts gelernt.
answer-gone = Diese Antwort habe ich nicht mehr, deshalb kann ich sie nicht noch einmal geben.
already-answering = Bitte behalte zuerst eine der beiden Antworten. Eine zweite gibt es schon.
another-kept = (eine andere Antwort wurde behalten)
correction-title = Eine bessere Antwort
correction-label = Was wäre die richtige Antwort gewesen?
correction-empty = Bitte schreib eine Antwort: Das Formular war leer.
correction-thanks = Danke! Ich habe deine bessere Antwort gespeichert.
correction-thanks-refused =
    Danke! Ich habe deine bessere Antwort gespeichert. Zum Training wird sie nicht verwendet, weil du das abgelehnt hast. Mit `/{ command-privacy.name }` kannst du es dir anders überlegen.
reason-question = Notiert. Wenn du magst, sag mir, was daran nicht stimmte:
reason-placeholder = Was stimmte daran nicht?
reason-wrong = Es ist falsch
reason-character = Passt nicht zur Rolle
reason-rude = Unhöflich
reason-long = Zu lang
reason-other = Etwas anderes
reason-thanks =
    Danke! Notiert: { $reason ->
        [wrong] falsch
        [character] passt nicht zur Rolle
        [rude] unhöflich
        [long] zu lang
       *[other] etwas anderes
    }.
reason-too-late = Du hast dein 👎 inzwischen zurückgenommen, also braucht es keinen Grund.

## Privacy

consent-question =
    Deine Stimme zählt. **Dürfen Personas auch aus dem lernen, was du ihnen schreibst?** Wenn ja, können deine Nachrichten vor beliebten Antworten und deine besseren Antworten zu Trainingsdaten werden, auf dem eigenen Rechner dieses Bots. Wenn nein, zählen deine Stimmen trotzdem, und deine Worte werden nie zum Training verwendet. Mit `/{ command-privacy.name }` kannst du jederzeit alles über dich ansehen, ändern, exportieren oder löschen.
consent-yes = Ja, sie dürfen lernen
consent-no = Nein
consent-learn-more = Mehr erfahren
consent-allowed = Danke! Personas dürfen jetzt aus dem lernen, was du ihnen schreibst. Mit `/{ command-privacy.name }` kannst du das jederzeit ändern.
consent-refused =
    Verstanden. Deine Worte werden nie zum Training verwendet, und deine Stimmen zählen trotzdem. Mit `/{ command-privacy.name }` kannst du das jederzeit ändern.
consent-more-kept = **Was ich aufbewahre:** deine Nachrichten an mich mit meinen Antworten, deine Stimmen und ihre Gründe, deine besseren Antworten, und welche von zwei Antworten du behalten hast. Alles bleibt in einer Datei auf dem Rechner, auf dem dieser Bot läuft.
consent-more-learning = **Was Lernen heißt:** Von Zeit zu Zeit wird für jede Persona ein kleiner Zusatz zum Sprachmodell trainiert. Er lernt aus Antworten, die Mitgliedern gefallen haben, mit dem, was gefragt war, und aus besseren Antworten. Deine sind nur dabei, wenn du zustimmst.
consent-more-no = **Wenn du Nein sagst** oder gar nichts: Deine Stimmen zählen in den Zahlen, und deine Worte werden nie zum Training verwendet.
consent-more-change = **Wenn du es dir anders überlegst:** Nimm `/{ command-privacy.name }`. Das gilt auch für schon Gespeichertes: Das nächste Training lässt es weg. Dort kannst du alles in einer Datei lesen oder löschen lassen. Wenn du auf Discord eine Nachricht löschst, lösche ich sie auch.
privacy-undecided = Du hast noch nicht entschieden, ob Personas aus dem lernen dürfen, was du schreibst. Solange dürfen sie es nicht.
privacy-allowed = Personas **dürfen** aus dem lernen, was du ihnen schreibst.
privacy-refused = Personas **dürfen nicht** aus dem lernen, was du ihnen schreibst. Deine Stimmen zählen trotzdem.
privacy-off-server = Auf diesem Server wird von niemandem gelernt: Wer ihn betreibt, hat das abgeschaltet.
privacy-off-channel = In diesem Kanal wird von niemandem gelernt: Wer den Server betreibt, hat das abgeschaltet.
privacy-stored = Über dich gespeichert: { $counts }. Das bleibt auf dem Rechner, auf dem dieser Bot läuft.
privacy-nothing-stored = Sonst ist nichts über dich gespeichert.
privacy-count =
    { $kind ->
        [replies] { $count ->
            [one] { $count } Antwort an dich, mit dem, was du geschrieben hast
           *[other] { $count } Antworten an dich, mit dem, was du geschrieben hast
        }
        [quoted_in] { $count ->
            [one] { $count } Antwort an andere, die auf deinen Worten aufbaut
           *[other] { $count } Antworten an andere, die auf deinen Worten aufbauen
        }
        [votes] { $count ->
            [one] { $count } Stimme
           *[other] { $count } Stimmen
        }
        [corrections] { $count ->
            [one] { $count } bessere Antwort
           *[other] { $count } bessere Antworten
        }
        [comparisons] { $count ->
            [one] { $count } Wahl zwischen zwei Antworten
           *[other] { $count } Wahlen zwischen zwei Antworten
        }
       *[personas_made] { $count ->
            [one] { $count } Persona von dir
           *[other] { $count } Personas von dir
        }
    }
privacy-allow = Lernen erlauben
privacy-refuse = Ablehnen
privacy-export = Exportieren
privacy-exported = Alles, was ich über dich gespeichert habe:
privacy-delete = Alles löschen
privacy-sure = Das löscht deine Nachrichten an mich mit meinen Antworten, deine Stimmen und deine besseren Antworten endgültig. Bist du sicher?
privacy-delete-yes = Ja, alles löschen
privacy-delete-no = Behalten
privacy-deleted = Alles, was ich über dich gespeichert hatte, ist gelöscht.
privacy-kept = Es wurde nichts gelöscht.
collection-needs-permission = Um zu bestimmen, woraus Personas lernen dürfen, brauchst du die Berechtigung { permission-manage-server }.
collection-on =
    Von Mitgliedern, die es erlauben, dürfen Personas aus dem lernen, was { $where ->
        [server] auf diesem Server
       *[channel] in diesem Kanal
    } gesagt wird.
collection-off =
    Was { $where ->
        [server] auf diesem Server
       *[channel] in diesem Kanal
    } gesagt wird oder früher gesagt wurde, wird nicht mehr zum Training verwendet. Das gilt, bis es jemand wieder einschaltet. Stimmen zählen weiter in den Zahlen.
collection-still-off =
    Abgeschaltet bleibt es noch für { $where ->
        [server] den ganzen Server
       *[channel] diesen Kanal
    }.

## Personas that a server makes

persona-name-taken = Eine Persona namens „{ $name }“ gibt es schon. Bitte wähle einen anderen Namen.
persona-too-many =
    Dieser Server hat schon { $most ->
        [one] { $most } eigene Persona
       *[other] { $most } eigene Personas
    }. Lösche zuerst eine.
persona-shipped = { $name } gehört zum Bot und lässt sich deshalb nicht von Discord aus ändern.
persona-bad-name =
    „{ $name }“ geht nicht als Kurzname. Nimm 2 bis 32 Zeichen aus a–z, 0–9 und Bindestrichen, am Anfang einen Buchstaben oder eine Ziffer.
persona-too-long =
    Bitte kürze „{ persona-field }“ auf höchstens { $limit ->
        [one] { $limit } Zeichen
       *[other] { $limit } Zeichen
    }.
persona-beyond-context = Bitte kürze den System-Prompt: Er ist { $tokens } Token lang, und bei mehr als { $limit } bleibt dem Modell kein Platz für Fragen und Antworten.
persona-too-short = Bitte füll „{ persona-field }“ aus.
persona-bad-picture = Das Bild braucht eine Webadresse, die mit https:// beginnt und keine Leerzeichen enthält.
persona-bad-field = Mit „{ persona-field }“ stimmt etwas nicht. Bitte ändere es und versuch es noch einmal.
persona-field =
    { $field ->
        [display_name] Name
        [description] Beschreibung
        [system_prompt] System-Prompt
        [greeting] Begrüßung
        [avatar] Emoji
       *[other] { $field }
    }

## Personas in a channel

persona-switched = { $persona } spricht jetzt hier.
persona-answers-all = Hier wird jede Nachricht beantwortet.
persona-reset = { $persona } spricht hier wieder.
persona-needs-intent =
    Um jede Nachricht zu beantworten, muss ich alle lesen können, und das erlaubt Discord nur mit dem „Message Content Intent“. Wer diesen Bot betreibt, kann ihn in Discords Entwicklerportal einschalten (Bot → Privileged Gateway Intents), zusammen mit `discord.message_content = true` in config.toml. Bis dahin erwähnen mich Mitglieder.
persona-needs-manage-channels = Um zu wählen, wer hier spricht, brauchst du die Berechtigung { permission-manage-channels }.
persona-needs-manage-server = Um eigene Personas dieses Servers zu erstellen oder zu ändern, brauchst du die Berechtigung { permission-manage-server }.
persona-needs-manage-webhooks = Um zu wählen, unter welchem Namen Personas sprechen, brauchst du die Berechtigung { permission-manage-webhooks }.
persona-i-need-manage-webhooks = Dafür brauche ich in diesem Kanal die Berechtigung { permission-manage-webhooks }.
persona-needs-server = Eigene Personas gehören zu einem Server. Bitte benutze diesen Befehl dort.
persona-listed-own = (von diesem Server)
persona-listed-current = ← spricht hier
persona-voice-version = Spricht mit Version { $number } ihres Adapters.
persona-voice-prompt = Spricht allein aus ihrem Prompt.
persona-form-create = Eine neue Persona
persona-form-edit = { $name } ändern
persona-form-display-name = Name
persona-form-description = Was Mitglieder über sie lesen (eine Zeile)
persona-form-system-prompt = System-Prompt: wer sie ist, wie sie spricht
persona-form-greeting = Begrüßung
persona-form-avatar = Emoji
persona-form-again = Formular wieder öffnen
persona-ready =
    { $persona } (`{ $name }`) ist bereit. Mit `/{ command-persona.name } { command-persona-switch.name } { option-name }:{ $name }` spricht sie hier.
persona-changed = { $persona } ist geändert, ab der nächsten Antwort.
persona-deleted = { $persona } ist gelöscht. Wo sie sprach, spricht wieder die Standard-Persona.
persona-card = Die Karte von { $persona }:
persona-identity-on = In { $channel } sprechen Personas jetzt unter eigenem Namen und Bild.
persona-identity-off = In { $channel } sprechen Personas jetzt unter meinem Namen.
webhook-reason = Damit Personas unter eigenem Namen sprechen können.
forget-needs-permission = In einem gemeinsamen Kanal darf nur vergessen lassen, wer die Berechtigung „Nachrichten verwalten“ hat.
forgotten = Ich habe vergessen, was hier gesagt wurde. Fangen wir neu an.
scene-needs-two = Bitte wähle zwei verschiedene Personas für eine Szene.
scene-already = In diesem Kanal läuft schon eine Szene. Warte, bis sie vorbei ist, oder beende sie mit ⏹.
scene-title = 🎬 { $first } und { $second }

## Statistics

stats-title = { $name }, { $days ->
        [one] letzter Tag
       *[other] letzte { $days } Tage
    }
stats-title-all = Alle Personas, { $days ->
        [one] letzter Tag
       *[other] letzte { $days } Tage
    }
stats-on-server = **{ $title }**, auf diesem Server
stats-everywhere = **{ $title }**, überall
stats-picture = Zustimmung: { $title }
stats-no-replies = Noch keine Antworten.
stats-votes = Antworten: { $replies }. 👍 { $up }, 👎 { $down }{ $share }. Bessere Antworten: { $corrections }. Wahlen zwischen zwei Antworten: { $comparisons }.
stats-share = { $percent } %
stats-by-version = Nach Version: { $versions }.
stats-version = { $name }: { $replies ->
        [one] { $replies } Antwort
       *[other] { $replies } Antworten
    }, 👍 { $up } 👎 { $down }{ $share }
stats-prompt-only = nur Prompt
stats-reasons = Warum 👎: { $reasons }.
stats-reason = { $reason ->
        [wrong] falsch
        [character] nicht in der Rolle
        [rude] unhöflich
        [long] zu lang
       *[other] etwas anderes
    } { $count }
stats-first-word = Erstes Wort nach { $usual } s (Median), bei 95 % der Antworten binnen { $most } s.
stats-whole-reply = Ganze Antwort nach { $usual } s (Median), bei 95 % der Antworten binnen { $most } s.
chart-by-day = Zustimmung nach Tagen
chart-likes-share = gefällt, in % der Stimmen
chart-by-version = Stimmen nach Version
chart-prompt = Prompt
chart-likes = gefällt
chart-dislikes = gefällt nicht
chart-no-votes = noch keine Stimmen

## For the people who run the bot

train-waiting = { $persona }: wartet, bis das Training von { $other } beendet ist.
train-begun = { $persona }: Training … { $bar }
train-running = { $persona }: Training … { $bar } Schritt { $step } von { $steps }
train-running-loss = { $persona }: Training … { $bar } Schritt { $step } von { $steps }, Verlust { $loss }
train-judging = { $persona }: die neue Version wird beurteilt … { $bar }
train-failed = { $persona }: Das Training ist fehlgeschlagen. { $why }
train-canary = { $persona }: Version { $number } wurde angenommen. Vorerst spricht sie in { $percent } % der Kanäle.
train-accepted = { $persona }: Version { $number } ist besser und spricht ab der nächsten Antwort.
train-refused = { $persona }: Version { $number } wurde abgelehnt und wird nicht sprechen.
train-server-made = { $name } wurde auf diesem Server gemacht und spricht aus der Karte. Zum Trainieren braucht die Persona zuerst einen Ordner; den legen die an, die mich betreiben: `python -m training adopt { $name }`.
versions-none = Es gibt noch keinen Adapter; die Persona spricht allein aus ihrem Prompt.
versions-unloaded = Die aktive Version konnte nicht geladen werden. Wer mich betreibt, sieht den Grund im Protokoll.
versions-canary = 🐤 { $canary }. Stimmen entscheiden, welche bleibt.
versions-last-change = Letzte Änderung, { $date }: { $what }, { $why }.
versions-to-replace = ⚠️ { $versions } hat aus inzwischen gelöschten Worten gelernt und wird ersetzt.
versions-incomplete = `v{ $number }` ist unvollständig
versions-made = erstellt am { $date }
versions-rows = aus { $rows }
versions-speaks = ← spricht
versions-other-base = für ein anderes Basismodell
versions-refused = von der Prüfung abgelehnt
versions-from-card = Der Adapter gehört zu einem anderen Basismodell. Bis die Persona für dieses trainiert ist, spricht sie aus ihrer Karte.
rollback-no-version = { $name } hat keine Version { $number }.
rollback-done = { $persona }: Version { $number } spricht wieder, ab der nächsten Antwort.
rollback-choice = Version { $number }
health-engine = **Engine** { $model }, { $device }, { $precision }
health-queue = **Warteschlange** { $running } von { $most } Zeilen laufen, { $waiting } warten
health-memory = **Speicher** höchstens { $megabytes } MB seit dem Start
health-versions = **Versionen** { $versions }
health-no-versions = **Versionen** keine: alle sprechen aus ihrem Prompt
health-adapters = **Geladene Adapter** { $adapters }
health-no-adapters = **Geladene Adapter** keine
health-database = **Datenbank** { $replies ->
        [one] { $replies } Antwort
       *[other] { $replies } Antworten
    }, { $votes ->
        [one] { $votes } Stimme
       *[other] { $votes } Stimmen
    }, { $megabytes } MB
health-trainings = **Laufende Trainings** { $personas }
health-no-trainings = **Laufende Trainings** keine
health-uptime-days = **Läuft seit** { $days } T { $hours } h { $minutes } min, { $milliseconds } ms bis Discord
health-uptime = **Läuft seit** { $hours } h { $minutes } min, { $milliseconds } ms bis Discord

## Commands

command-chat =
    .name = chat
    .description = Sag etwas zu der Persona, die hier spricht.
    .option-message = Was du sagen möchtest.
command-ask =
    .name = frage
    .description = Frag dieses eine Mal eine andere Persona.
    .option-persona = Wer antworten soll.
    .option-message = Was du sagen möchtest.
command-scene =
    .name = szene
    .description = Lass zwei Personas miteinander reden.
    .option-persona_a = Wer anfängt.
    .option-persona_b = Wer antwortet.
    .option-topic = Worüber sie reden.
    .option-turns = Wie oft sie zusammen an der Reihe sind, 2 bis 12.
command-help =
    .name = hilfe
    .description = Was du mit mir tun kannst, und wie.
command-forget =
    .name = vergessen
    .description = Neu anfangen: Ich vergesse, was in diesem Kanal oder Thread gesagt wurde.
command-privacy =
    .name = datenschutz
    .description = Sieh, was ich über dich speichere. Erlaube oder verweigere Training, exportiere oder lösche es.
command-collection =
    .name = sammlung
    .description = Bestimme, ob Personas aus dem lernen dürfen, was hier oder auf dem ganzen Server gesagt wird.
    .option-learn = Ob sie lernen dürfen, von Mitgliedern, die es erlauben.
    .option-where = Dieser Kanal oder der ganze Server.
command-stats =
    .name = statistik
    .description = Sieh, was Mitglieder von einer Persona halten: Zustimmung über die Zeit und nach Version.
    .option-persona = Die Persona. Ohne Angabe alle.
    .option-days = Wie viele Tage zurück (30).
command-train =
    .name = trainieren
    .description = Trainiere eine Persona mit dem, was gefiel. Ist die neue Version besser, spricht sie.
    .option-persona = Die Persona.
command-versions =
    .name = versionen
    .description = Sieh die Versionen einer Persona: welche spricht, und wie jede gefiel.
    .option-persona = Die Persona.
command-rollback =
    .name = zurückkehren
    .description = Lass eine frühere Version einer Persona wieder sprechen.
    .option-persona = Die Persona.
    .option-version = Die Nummer der Version.
command-health =
    .name = zustand
    .description = Wie es dem Bot geht: Engine, Warteschlange, Speicher, Versionen, Datenbank.
command-persona =
    .name = persona
    .description = Wer in diesem Kanal spricht.
command-persona-switch =
    .name = wechseln
    .description = Wähle, wer in diesem Kanal oder Thread spricht.
    .option-name = Die Persona, die hier von nun an spricht.
    .option-auto_reply = Jede Nachricht hier beantworten, auch wenn sie mich nicht erwähnt.
command-persona-reset =
    .name = zurücksetzen
    .description = Lass diesen Thread wieder seinem Kanal folgen, oder diesen Kanal der Standard-Persona.
command-persona-list =
    .name = liste
    .description = Sieh alle Personas, und wer hier spricht.
command-persona-info =
    .name = info
    .description = Sieh, wie eine Persona ist, und welche Adapter-Version für sie spricht.
    .option-name = Die Persona. Ohne Angabe die, die hier spricht.
command-persona-create =
    .name = erstellen
    .description = Erstelle eine Persona für diesen Server. Ein Formular öffnet sich.
    .option-name = Ihr Kurzname für Befehle: a-z, 0-9, Bindestriche. Ohne Angabe aus dem Namen gebildet.
command-persona-edit =
    .name = bearbeiten
    .description = Ändere eine eigene Persona dieses Servers. Ein Formular öffnet sich.
    .option-name = Die Persona.
command-persona-delete =
    .name = löschen
    .description = Lösche eine eigene Persona dieses Servers. Du bekommst ihre Karte, falls du sie zurückwillst.
    .option-name = Die Persona.
command-persona-import =
    .name = importieren
    .description = Mach aus einer Charakterkarte (JSON, YAML, PNG oder .charx) eine Persona.
    .option-card = Die Datei der Karte.
    .option-name = Ihr Kurzname für Befehle. Ohne Angabe aus der Karte gebildet.
command-persona-export =
    .name = exportieren
    .description = Hol dir eine Persona als Charakterkarte, für andere Programme oder einen anderen Server.
    .option-name = Die Persona.
command-persona-identity =
    .name = identität
    .description = Lass Personas hier unter eigenem Namen und Bild sprechen, oder unter meinem.
    .option-on = Unter eigenem Namen und Bild.
menu-suggest = Bessere Antwort vorschlagen
menu-delete = Diese Antwort löschen
option-message = nachricht
option-persona = persona
option-persona_a = persona_a
option-persona_b = persona_b
option-topic = thema
option-turns = runden
option-learn = lernen
option-where = wo
option-days = tage
option-version = version
option-name = name
option-auto_reply = alles_beantworten
option-card = karte
option-on = an
choice-channel = Kanal
choice-server = Server

## Character cards

card-too-large = Diese Datei ist zu groß. Eine Karte darf höchstens { $megabytes } MB haben.
card-text-too-long = Der Text in dieser Karte ist zu lang. Ich lese höchstens { $megabytes } MB davon.
card-without-name = In dieser Karte steht kein Name, also weiß ich nicht, wer es ist.
card-not-in-picture = In diesem Bild ist keine Charakterkarte. Ich brauche eine PNG-Datei, die Tavern oder ein ähnliches Programm gespeichert hat.
card-unreadable = Das ist keine Charakterkarte. Ich lese Karten aus JSON- und YAML-Dateien, aus PNG-Bildern und aus .charx-Dateien.
card-other-picture = Das ist ein { $kind }-Bild. Ich lese Karten aus PNG-Bildern: Exportiere sie als PNG oder als JSON.
card-not-in-archive = In diesem Archiv ist keine Charakterkarte. Ich brauche eine .charx-Datei mit einer card.json darin.
card-description = Spricht als { $character }.
card-name-shortened = Ich habe den Namen gekürzt: { $kept } von { $of } Zeichen bleiben.
card-prompt-shortened = Ich habe die Beschreibung des Charakters gekürzt: { $kept } von { $of } Zeichen bleiben.
card-greeting-shortened = Ich habe eine Begrüßung gekürzt: { $kept } von { $of } Zeichen bleiben.
card-greetings-left-out = Von { $of } Begrüßungen habe ich nur { $kept } behalten.
card-notes-shortened = Ich habe die Notizen zu einer Beschreibung gekürzt: { $kept } von { $of } Zeichen bleiben.
card-examples-left-out =
    { $kept ->
        [0] Keiner von { $of } Beispieldialogen passt in den Prompt.
       *[other] Von { $of } Beispieldialogen habe ich nur { $kept } in den Prompt übernommen.
    }
card-lore-left-out =
    { $count ->
        [one] Ich habe { $count } Eintrag aus dem Lorebook weggelassen: keine einfachen Schlüsselwörter, zu lang, oder zu viele Einträge.
       *[other] Ich habe { $count } Einträge aus dem Lorebook weggelassen: keine einfachen Schlüsselwörter, zu lang, oder zu viele Einträge.
    }
card-group-greetings-left-out =
    { $count ->
        [one] Ich habe { $count } Begrüßung für Gruppen weggelassen.
       *[other] Ich habe { $count } Begrüßungen für Gruppen weggelassen.
    }
card-macros-left-out =
    { $count ->
        [one] Ich habe { $count } Makro weggelassen, das ich nicht kenne: { $names }.
       *[other] Ich habe { $count } Makros weggelassen, die ich nicht kenne: { $names }.
    }
card-picture-left-out = Das Bild selbst kann ich nicht verwenden. Gib für ein Bild seine Webadresse in den „assets“ der Karte an.
