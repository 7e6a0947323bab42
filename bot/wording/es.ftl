# Español. Lo que falta aquí se dice en inglés. A los miembros se les trata de tú.

## When something can't be done

empty-prompt = Escribe unas palabras a las que pueda responder: tu mensaje estaba vacío.
prompt-too-long = Acorta tu mensaje, por favor: tiene { $tokens } tokens y puedo leer { $limit }.
queue-share-full =
    { $place ->
        [server] Inténtalo de nuevo en un momento. Este servidor ya tiene { $waiting } mensajes en espera, el máximo.
       *[other] Inténtalo de nuevo en un momento. Este canal ya tiene { $waiting } mensajes en espera, el máximo.
    }
queue-full =
    Inténtalo de nuevo en un momento, por favor. Estoy ocupado: ya { $waiting ->
        [one] espera { $waiting } mensaje
       *[other] esperan { $waiting } mensajes
    }.
deadline-while-writing =
    Inténtalo más tarde, por favor. He detenido esta respuesta porque me llevaba más de { $seconds ->
        [one] { $seconds } segundo
       *[other] { $seconds } segundos
    }.
deadline-while-waiting =
    Inténtalo más tarde, por favor. Estoy demasiado ocupado: tu mensaje esperó { $seconds ->
        [one] { $seconds } segundo
       *[other] { $seconds } segundos
    } y no llegó su turno.
engine-stopped = Me estoy apagando. Inténtalo de nuevo en un minuto, por favor.
generation-failed = Algo salió mal mientras respondía. Inténtalo de nuevo, por favor.
unknown-persona = No hay ninguna persona llamada «{ $name }». Elige una de estas: { $known }.
unknown-persona-none = No hay ninguna persona llamada «{ $name }», ni ninguna otra.
persona-unavailable = { $name } no puede hablar ahora porque no se pudo cargar su adaptador. Quienes me administran pueden ver el motivo en el registro.
already-training = { $persona } ya se está entrenando.
failure-operator = Ahora no puedo hacerlo. Quienes me administran pueden ver el motivo en el registro.
failure-permissions = Te faltan permisos para eso: { $permissions }.
failure-not-here = No puedes hacer eso aquí.
failure-old-command = Discord todavía muestra una versión antigua de ese comando. Recarga Discord (Ctrl+R) e inténtalo de nuevo.
failure-discord = Discord no me dejó hacerlo. Puede que me falte un permiso aquí.
failure-bug = Algo se rompió por mi parte (error { $number }). Quienes me administran encontrarán los detalles en el registro.
unknown-press = Ese botón ya no funciona.
form-from-before = Me reiniciaron después de abrirse ese formulario, así que no se ha guardado nada. Ábrelo otra vez. Lo que escribiste está en el archivo.
form-again-from-before = Me reiniciaron desde entonces. Usa el comando otra vez. Lo que escribiste está en el archivo de arriba.
server-only = Eso solo funciona en un servidor.
server-channel-only = Eso solo funciona en los canales de un servidor.

## Who may use the bot

access-member = No tienes permiso para usarme.
access-direct-messages = No respondo a mensajes directos.
access-server = No se me puede usar en este servidor.
access-channel = No se me puede usar en este canal.
operators-only = Solo quienes administran este bot pueden hacerlo.
only-asker =
    Solo quien preguntó, o alguien con el permiso { permission-manage-messages }, puede { $action ->
        [stop] detener esta respuesta
        [again] pedir otra respuesta
        [keep] elegir entre las respuestas
       *[delete] eliminar esta respuesta
    }.
too-fast =
    Inténtalo de nuevo en { $seconds ->
        [one] { $seconds } segundo
       *[other] { $seconds } segundos
    }, por favor. { $who ->
        [server] Este servidor escribe
       *[member] Escribes
    } más rápido de lo que puedo responder.
permission-manage-channels = Gestionar canales
permission-manage-messages = Gestionar mensajes
permission-manage-server = Gestionar servidor
permission-manage-webhooks = Gestionar webhooks

## Messages that can't be read or answered

unreadable-message =
    Mencióname, por favor: escribe @{ $name } en tu mensaje o deja activada la mención (@ ACTIVADO) al responder. Discord solo me muestra los mensajes que me mencionan.
no-text = Escribe tu pregunta junto al archivo o la pegatina, por favor. Solo puedo leer texto.
cannot-write =
    No puedo escribir en { $channel }. Pide a alguien que gestione el canal que me deje verlo, enviar mensajes y leer su historial.

## While a reply is written

button-stop = Detener
button-again = Otra vez
button-correct = Mejorar
button-keep = Quedarme con esta
queue-position = { $ahead ->
        [one] Hay { $ahead } respuesta
       *[other] Hay { $ahead } respuestas
    } antes que la tuya …
queue-position-seconds = { $ahead ->
        [one] Hay { $ahead } respuesta
       *[other] Hay { $ahead } respuestas
    } antes que la tuya, unos { $seconds } s …
queue-position-minutes = { $ahead ->
        [one] Hay { $ahead } respuesta
       *[other] Hay { $ahead } respuestas
    } antes que la tuya, unos { $minutes } min …
reply-stopped = (detenida)
reply-interrupted = (interrumpida)
reply-in-file = La respuesta completa está en el archivo.
reply-not-saved = No pude guardar esta respuesta, así que no se puede votar.
token-removed = [token eliminado]

## Votes and better answers

help-talk = **Hablar:** mencióname, responde a uno de mis mensajes o usa `/{ command-chat.name }`. `/{ command-persona.name } { command-persona-list.name }` muestra quién está aquí, `/{ command-ask.name }` pregunta a otra persona, `/{ command-forget.name }` empieza de nuevo.
help-reply = **Debajo de una respuesta:** 👍 y 👎 la valoran, 🔁 da una segunda respuesta, con ✏️ escribes una mejor, ▶ continúa una que quedó cortada, ⏹ la detiene.
help-learning = **Aprender:** las personas aprenden de los votos y de las respuestas mejores, y de tus palabras solo si lo permites: `/{ command-privacy.name }`.
reply-gone = Ya no tengo esa respuesta, así que no se puede valorar.
not-my-reply = Esa no es una respuesta mía, o ya no la tengo.
reply-deleted = La respuesta se ha eliminado y no se aprenderá nada de ella.
answer-gone = Ya no tengo esa respuesta, así que no puedo responder otra vez.
already-answering = Quédate primero con una de las dos respuestas, por favor. Ya hay una segunda.
another-kept = (se eligió otra respuesta)
correction-title = Una respuesta mejor
correction-label = ¿Qué tendría que haber respondido?
correction-empty = Escribe una respuesta, por favor: el formulario estaba vacío.
correction-thanks = ¡Gracias! He guardado tu respuesta mejor.
correction-thanks-refused =
    ¡Gracias! He guardado tu respuesta mejor. No se usará para entrenar, porque lo rechazaste. Puedes cambiar de opinión con `/{ command-privacy.name }`.
reason-question = Anotado. Si quieres, dime qué estaba mal:
reason-placeholder = ¿Qué estaba mal?
reason-wrong = Es incorrecta
reason-character = Se sale del personaje
reason-rude = Maleducada
reason-long = Demasiado larga
reason-other = Otra cosa
reason-thanks =
    ¡Gracias! Anotado: { $reason ->
        [wrong] es incorrecta
        [character] se sale del personaje
        [rude] maleducada
        [long] demasiado larga
       *[other] otra cosa
    }.
reason-too-late = Ya quitaste tu 👎, así que no hace falta un motivo.

## Privacy

consent-question =
    Tu voto cuenta. **¿Pueden las personas aprender también de lo que les escribes?** Si dices que sí, lo que escribiste antes de una respuesta que gustó y tus respuestas mejores pueden convertirse en datos de entrenamiento, en la propia máquina de este bot. Si dices que no, tus votos cuentan igualmente y tus palabras nunca se usan para entrenar. Con `/{ command-privacy.name }` puedes ver, cambiar, exportar o eliminar todo lo tuyo cuando quieras.
consent-yes = Sí, pueden aprender
consent-no = No
consent-learn-more = Saber más
consent-allowed = ¡Gracias! Ahora las personas pueden aprender de lo que les escribes. Puedes cambiarlo cuando quieras con `/{ command-privacy.name }`.
consent-refused =
    Entendido. Tus palabras nunca se usan para entrenar, y tus votos cuentan igualmente. Puedes cambiarlo cuando quieras con `/{ command-privacy.name }`.
consent-more-kept = **Lo que guardo:** tus mensajes y mis respuestas, tus votos y sus motivos, tus respuestas mejores, y con cuál de dos respuestas te quedaste. Todo permanece en un archivo, en la máquina donde funciona este bot.
consent-more-learning = **Qué significa aprender:** de vez en cuando se entrena para cada persona un pequeño complemento del modelo de lenguaje. Aprende de las respuestas que gustaron a los miembros, con lo que se preguntó, y de las respuestas mejores. Las tuyas solo se incluyen si estás de acuerdo.
consent-more-no = **Si dices que no**, o no dices nada: tus votos cuentan en las cifras y tus palabras nunca se usan para entrenar.
consent-more-change = **Si cambias de opinión:** usa `/{ command-privacy.name }`. También vale para lo ya guardado: el próximo entrenamiento lo deja fuera. Allí puedes leerlo todo en un archivo o hacer que se elimine. Cuando eliminas un mensaje en Discord, yo también lo elimino.
privacy-undecided = Aún no has decidido si las personas pueden aprender de lo que escribes. Hasta entonces, no pueden.
privacy-allowed = Las personas **pueden aprender** de lo que les escribes.
privacy-refused = Las personas **no pueden aprender** de lo que les escribes. Tus votos cuentan igualmente.
privacy-off-server = En este servidor no se aprende de nadie: quienes lo administran lo desactivaron.
privacy-off-channel = En este canal no se aprende de nadie: quienes administran el servidor lo desactivaron.
privacy-stored = Guardado sobre ti: { $counts }. Permanece en la máquina donde funciona este bot.
privacy-nothing-stored = No hay nada más guardado sobre ti.
privacy-count =
    { $kind ->
        [replies] { $count ->
            [one] { $count } respuesta para ti, con lo que escribiste
           *[other] { $count } respuestas para ti, con lo que escribiste
        }
        [quoted_in] { $count ->
            [one] { $count } respuesta a otros que se apoya en tus palabras
           *[other] { $count } respuestas a otros que se apoyan en tus palabras
        }
        [votes] { $count ->
            [one] { $count } voto
           *[other] { $count } votos
        }
        [corrections] { $count ->
            [one] { $count } respuesta mejor
           *[other] { $count } respuestas mejores
        }
        [comparisons] { $count ->
            [one] { $count } elección entre dos respuestas
           *[other] { $count } elecciones entre dos respuestas
        }
       *[personas_made] { $count ->
            [one] { $count } persona que creaste
           *[other] { $count } personas que creaste
        }
    }
privacy-allow = Permitir que aprendan
privacy-refuse = Rechazar
privacy-export = Exportar
privacy-exported = Todo lo que guardo sobre ti:
privacy-delete = Eliminar todo
privacy-sure = Esto elimina para siempre tus mensajes y mis respuestas, tus votos y tus respuestas mejores. ¿Seguro?
privacy-delete-yes = Sí, eliminar todo
privacy-delete-no = Conservarlo
privacy-deleted = Todo lo que guardaba sobre ti se ha eliminado.
privacy-kept = No se ha eliminado nada.
collection-needs-permission = Necesitas el permiso { permission-manage-server } para decidir de qué pueden aprender las personas.
collection-on =
    Con el permiso de cada miembro, las personas pueden aprender de lo que se dice { $where ->
        [server] en este servidor
       *[channel] en este canal
    }.
collection-off =
    Nada de lo que se dice o se dijo { $where ->
        [server] en este servidor
       *[channel] en este canal
    } se usa ya para entrenar, hasta que alguien vuelva a activarlo. Los votos siguen contando en las cifras.
collection-still-off =
    Sigue desactivado para { $where ->
        [server] todo el servidor
       *[channel] este canal
    }.

## Personas that a server makes

persona-name-taken = Ya hay una persona llamada «{ $name }». Elige otro nombre, por favor.
persona-too-many =
    Este servidor ya tiene { $most ->
        [one] { $most } persona propia
       *[other] { $most } personas propias
    }. Elimina una primero.
persona-shipped = { $name } viene con el bot, así que no se puede cambiar desde Discord.
persona-bad-name =
    «{ $name }» no sirve como nombre corto. Usa de 2 a 32 caracteres entre a–z, 0–9 y guiones, y empieza por una letra o un número.
persona-too-long =
    Acorta «{ persona-field }», por favor: puede tener como máximo { $limit ->
        [one] { $limit } carácter
       *[other] { $limit } caracteres
    }.
persona-beyond-context = Acorta el prompt del sistema, por favor: tiene { $tokens } tokens, y con más de { $limit } al modelo no le queda sitio para preguntas y respuestas.
persona-too-short = Rellena «{ persona-field }», por favor.
persona-bad-picture = La imagen necesita una dirección web que empiece por https:// y no tenga espacios.
persona-bad-field = Algo no está bien en «{ persona-field }». Cámbialo e inténtalo de nuevo, por favor.
persona-field =
    { $field ->
        [display_name] Nombre
        [description] Descripción
        [system_prompt] Prompt del sistema
        [greeting] Saludo
        [avatar] Emoji
       *[other] { $field }
    }

## Personas in a channel

persona-switched = { $persona } habla ahora aquí.
persona-answers-all = Responde a todos los mensajes de aquí.
persona-reset = { $persona } vuelve a hablar aquí.
persona-needs-intent =
    Para responder a todos los mensajes debo poder leerlos todos, y Discord solo lo permite con el intent «message content». Quienes administran este bot pueden activarlo en el portal de desarrolladores de Discord (Bot → Privileged Gateway Intents) y con `discord.message_content = true` en config.toml. Mientras tanto, los miembros me mencionan.
persona-needs-manage-channels = Necesitas el permiso { permission-manage-channels } para elegir quién habla aquí.
persona-needs-manage-server = Necesitas el permiso { permission-manage-server } para crear o cambiar las personas de este servidor.
persona-needs-manage-webhooks = Necesitas el permiso { permission-manage-webhooks } para elegir con qué nombre hablan las personas.
persona-i-need-manage-webhooks = Para eso necesito el permiso { permission-manage-webhooks } en este canal.
persona-needs-server = Las personas propias pertenecen a un servidor. Usa este comando allí, por favor.
persona-listed-own = (de este servidor)
persona-listed-current = ← habla aquí
persona-voice-version = Habla con la versión { $number } de su adaptador.
persona-voice-prompt = Habla solo a partir de su prompt.
persona-form-create = Una persona nueva
persona-form-edit = Cambiar { $name }
persona-form-display-name = Nombre
persona-form-description = Lo que leen los miembros (una línea)
persona-form-system-prompt = Prompt del sistema: quién es, cómo habla
persona-form-greeting = Saludo
persona-form-avatar = Emoji
persona-form-again = Abrir el formulario de nuevo
persona-ready =
    { $persona } (`{ $name }`) está lista. Con `/{ command-persona.name } { command-persona-switch.name } { option-name }:{ $name }` habla aquí.
persona-changed = { $persona } ha cambiado, a partir de su próxima respuesta.
persona-deleted = { $persona } se ha eliminado. Donde hablaba, vuelve a hablar la persona predeterminada.
persona-card = La tarjeta de { $persona }:
persona-identity-on = En { $channel }, las personas hablan ahora con su propio nombre e imagen.
persona-identity-off = En { $channel }, las personas hablan ahora con mi nombre.
webhook-reason = Para que las personas hablen con su propio nombre.
forget-needs-permission = Para hacer olvidar lo que se dijo en un canal compartido hace falta el permiso Gestionar mensajes.
forgotten = He olvidado lo que se dijo aquí. Empecemos de nuevo.
scene-needs-two = Elige dos personas distintas para una escena, por favor.
scene-already = Ya hay una escena en este canal. Espera a que termine o detenla con ⏹.
scene-title = 🎬 { $first } y { $second }

## Statistics

stats-title = { $name }, { $days ->
        [one] último día
       *[other] últimos { $days } días
    }
stats-title-all = Todas las personas, { $days ->
        [one] último día
       *[other] últimos { $days } días
    }
stats-on-server = **{ $title }**, en este servidor
stats-everywhere = **{ $title }**, en todas partes
stats-picture = Aprobación: { $title }
stats-no-replies = Aún no hay respuestas.
stats-votes = Respuestas: { $replies }. 👍 { $up }, 👎 { $down }{ $share }. Respuestas mejores: { $corrections }. Elecciones entre dos respuestas: { $comparisons }.
stats-share = { $percent } %
stats-by-version = Por versión: { $versions }.
stats-version = { $name }: { $replies ->
        [one] { $replies } respuesta
       *[other] { $replies } respuestas
    }, 👍 { $up } 👎 { $down }{ $share }
stats-prompt-only = solo prompt
stats-reasons = Por qué 👎: { $reasons }.
stats-reason = { $reason ->
        [wrong] incorrecta
        [character] fuera del personaje
        [rude] maleducada
        [long] demasiado larga
       *[other] otra cosa
    } { $count }
stats-first-word = Primera palabra tras { $usual } s (mediana), en menos de { $most } s en el 95 % de las respuestas.
stats-whole-reply = Respuesta completa tras { $usual } s (mediana), en menos de { $most } s en el 95 % de las respuestas.
chart-by-day = Aprobación por día
chart-likes-share = a favor, % de los votos
chart-by-version = Votos por versión
chart-prompt = prompt
chart-likes = a favor
chart-dislikes = en contra
chart-no-votes = aún no hay votos

## For the people who run the bot

train-waiting = { $persona }: esperando a que termine el entrenamiento de { $other }.
train-begun = { $persona }: entrenando … { $bar }
train-running = { $persona }: entrenando … { $bar } paso { $step } de { $steps }
train-running-loss = { $persona }: entrenando … { $bar } paso { $step } de { $steps }, pérdida { $loss }
train-judging = { $persona }: evaluando la nueva versión … { $bar }
train-failed = { $persona }: el entrenamiento falló. { $why }
train-canary = { $persona }: la versión { $number } fue aceptada. Por ahora habla en el { $percent } % de los canales.
train-accepted = { $persona }: la versión { $number } es mejor y habla desde la próxima respuesta.
train-refused = { $persona }: la versión { $number } fue rechazada y no hablará.
train-server-made = { $name } se creó en este servidor y habla a partir de su ficha. Para entrenarla, quienes me administran le dan antes una carpeta: `python -m training adopt { $name }`.
versions-none = Aún no tiene adaptador y habla solo a partir de su prompt.
versions-unloaded = No se pudo cargar la versión activa. Quienes me administran pueden ver el motivo en el registro.
versions-canary = 🐤 { $canary }. Los votos deciden cuál se queda.
versions-last-change = Último cambio, { $date }: { $what }, { $why }.
versions-to-replace = ⚠️ { $versions }: aprendió de palabras que ya se eliminaron y será sustituida.
versions-incomplete = `v{ $number }` está incompleta
versions-made = creada el { $date }
versions-rows = a partir de { $rows }
versions-speaks = ← habla
versions-other-base = para otro modelo base
versions-refused = rechazada en la evaluación
versions-from-card = Su adaptador es para otro modelo base. Hasta que se entrene para este, habla a partir de su ficha.
rollback-no-version = { $name } no tiene la versión { $number }.
rollback-done = { $persona }: la versión { $number } vuelve a hablar desde la próxima respuesta.
rollback-choice = versión { $number }
health-engine = **Motor** { $model }, { $device }, { $precision }
health-queue = **Cola** { $running } de { $most } filas en marcha, { $waiting } en espera
health-memory = **Memoria** { $megabytes } MB como máximo desde el inicio
health-versions = **Versiones** { $versions }
health-no-versions = **Versiones** ninguna: todas hablan a partir de su prompt
health-adapters = **Adaptadores cargados** { $adapters }
health-no-adapters = **Adaptadores cargados** ninguno
health-database = **Base de datos** { $replies ->
        [one] { $replies } respuesta
       *[other] { $replies } respuestas
    }, { $votes ->
        [one] { $votes } voto
       *[other] { $votes } votos
    }, { $megabytes } MB
health-trainings = **Entrenamientos en marcha** { $personas }
health-no-trainings = **Entrenamientos en marcha** ninguno
health-uptime-days = **Activo desde hace** { $days } d { $hours } h { $minutes } min, a { $milliseconds } ms de Discord
health-uptime = **Activo desde hace** { $hours } h { $minutes } min, a { $milliseconds } ms de Discord

## Commands

command-chat =
    .name = hablar
    .description = Di algo a la persona que habla aquí.
    .option-message = Lo que quieres decir.
command-ask =
    .name = preguntar
    .description = Pregunta a otra persona, solo esta vez.
    .option-persona = Quién debe responder.
    .option-message = Lo que quieres decir.
command-scene =
    .name = escena
    .description = Haz que dos personas hablen entre sí.
    .option-persona_a = Quién empieza.
    .option-persona_b = Quién responde.
    .option-topic = De qué hablan.
    .option-turns = Cuántos turnos tienen entre las dos, de 2 a 12.
command-help =
    .name = ayuda
    .description = Qué puedes hacer conmigo y cómo.
command-forget =
    .name = olvidar
    .description = Empezar de nuevo: olvido lo que se dijo en este canal o hilo.
command-privacy =
    .name = privacidad
    .description = Mira lo que guardo sobre ti. Permite o rechaza el entrenamiento, expórtalo o elimínalo.
command-collection =
    .name = recopilación
    .description = Decide si las personas pueden aprender de lo que se dice aquí o en todo el servidor.
    .option-learn = Si pueden aprender, de los miembros que lo permiten.
    .option-where = Este canal o todo el servidor.
command-stats =
    .name = estadísticas
    .description = Mira qué opinan los miembros de una persona: aprobación en el tiempo y por versión.
    .option-persona = La persona. Si la omites, todas.
    .option-days = Cuántos días atrás (30).
command-train =
    .name = entrenar
    .description = Entrena una persona con lo que gustó. Si la nueva versión es mejor, empieza a hablar.
    .option-persona = La persona.
command-versions =
    .name = versiones
    .description = Mira las versiones de una persona: cuál habla y cuánto gustó cada una.
    .option-persona = La persona.
command-rollback =
    .name = volver
    .description = Haz que vuelva a hablar una versión anterior de una persona.
    .option-persona = La persona.
    .option-version = El número de la versión.
command-health =
    .name = estado
    .description = Cómo está el bot: motor, cola, memoria, versiones, base de datos.
command-persona =
    .name = persona
    .description = Quién habla en este canal.
command-persona-switch =
    .name = elegir
    .description = Elige quién habla en este canal o hilo.
    .option-name = La persona que habla aquí a partir de ahora.
    .option-auto_reply = Responder a todos los mensajes de aquí, aunque no me mencionen.
command-persona-reset =
    .name = restablecer
    .description = Deja que este hilo siga otra vez a su canal, o este canal a la persona predeterminada.
command-persona-list =
    .name = lista
    .description = Mira todas las personas y quién habla aquí.
command-persona-info =
    .name = info
    .description = Mira cómo es una persona y qué versión de su adaptador habla por ella.
    .option-name = La persona. Si la omites, la que habla aquí.
command-persona-create =
    .name = crear
    .description = Crea una persona para este servidor. Se abre un formulario.
    .option-name = Su nombre corto para comandos: a-z, 0-9, guiones. Si lo omites, sale de su nombre.
command-persona-edit =
    .name = editar
    .description = Cambia una persona de este servidor. Se abre un formulario.
    .option-name = La persona.
command-persona-delete =
    .name = eliminar
    .description = Elimina una persona de este servidor. Recibes su tarjeta, por si la quieres de vuelta.
    .option-name = La persona.
command-persona-import =
    .name = importar
    .description = Crea una persona a partir de una tarjeta de personaje (JSON, YAML, PNG o .charx).
    .option-card = El archivo de la tarjeta.
    .option-name = Su nombre corto para comandos. Si lo omites, sale de la tarjeta.
command-persona-export =
    .name = exportar
    .description = Obtén una persona como tarjeta de personaje, para otros programas u otro servidor.
    .option-name = La persona.
command-persona-identity =
    .name = identidad
    .description = Deja que las personas hablen aquí con su propio nombre e imagen, o con los míos.
    .option-on = Con su propio nombre e imagen.
menu-suggest = Proponer una respuesta mejor
menu-delete = Eliminar esta respuesta
option-message = mensaje
option-persona = persona
option-persona_a = persona_a
option-persona_b = persona_b
option-topic = tema
option-turns = turnos
option-learn = aprender
option-where = dónde
option-days = días
option-version = versión
option-name = nombre
option-auto_reply = responder_a_todo
option-card = tarjeta
option-on = activado
choice-channel = canal
choice-server = servidor

## Character cards

card-too-large = Ese archivo es demasiado grande. Una tarjeta puede tener como máximo { $megabytes } MB.
card-text-too-long = El texto de esa tarjeta es demasiado largo. Leo como máximo { $megabytes } MB.
card-without-name = En esa tarjeta no hay ningún nombre, así que no sé quién es.
card-not-in-picture = En esa imagen no hay ninguna tarjeta de personaje. Necesito un archivo PNG guardado por Tavern o un programa parecido.
card-unreadable = Eso no es una tarjeta de personaje. Leo tarjetas de archivos JSON y YAML, de imágenes PNG y de archivos .charx.
card-other-picture = Eso es una imagen { $kind }. Leo tarjetas de imágenes PNG: expórtala como PNG o como JSON.
card-not-in-archive = En ese archivo comprimido no hay ninguna tarjeta de personaje. Necesito un .charx que contenga card.json.
card-description = Habla como { $character }.
card-name-shortened = He acortado su nombre: quedan { $kept } de { $of } caracteres.
card-prompt-shortened = He acortado la descripción del personaje: quedan { $kept } de { $of } caracteres.
card-greeting-shortened = He acortado un saludo: quedan { $kept } de { $of } caracteres.
card-greetings-left-out = Solo conservo { $kept } de sus { $of } saludos.
card-notes-shortened = He acortado sus notas para hacer una descripción: quedan { $kept } de { $of } caracteres.
card-examples-left-out =
    { $kept ->
        [0] Ninguno de sus { $of } diálogos de ejemplo cabe en el prompt.
       *[other] Solo conservo { $kept } de sus { $of } diálogos de ejemplo en el prompt.
    }
card-lore-left-out =
    { $count ->
        [one] He omitido { $count } entrada de su lorebook: sus claves no son palabras simples, es demasiado larga o hay demasiadas.
       *[other] He omitido { $count } entradas de su lorebook: sus claves no son palabras simples, son demasiado largas o hay demasiadas.
    }
card-group-greetings-left-out =
    { $count ->
        [one] He omitido { $count } saludo para grupos.
       *[other] He omitido { $count } saludos para grupos.
    }
card-macros-left-out =
    { $count ->
        [one] He omitido { $count } macro que no conozco: { $names }.
       *[other] He omitido { $count } macros que no conozco: { $names }.
    }
card-picture-left-out = No puedo usar la imagen misma. Para una imagen, indica su dirección web en los «assets» de la tarjeta.
