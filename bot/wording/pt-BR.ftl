# Português do Brasil. O que falta aqui é dito em inglês. Os membros são tratados por você.

## When something can't be done

empty-prompt = Escreva algumas palavras para eu responder: sua mensagem estava vazia.
prompt-too-long = Encurte sua mensagem, por favor: ela tem { $tokens } tokens, e eu consigo ler { $limit }.
queue-share-full =
    { $place ->
        [server] Tente de novo daqui a pouco. Este servidor já tem { $waiting } mensagens na fila, o máximo permitido.
       *[other] Tente de novo daqui a pouco. Este canal já tem { $waiting } mensagens na fila, o máximo permitido.
    }
queue-full =
    Tente de novo daqui a pouco, por favor. Estou ocupado: { $waiting ->
        [one] { $waiting } mensagem já está esperando
       *[other] { $waiting } mensagens já estão esperando
    }.
deadline-while-writing =
    Tente de novo mais tarde, por favor. Parei esta resposta porque ela levava mais de { $seconds ->
        [one] { $seconds } segundo
       *[other] { $seconds } segundos
    }.
deadline-while-waiting =
    Tente de novo mais tarde, por favor. Estou ocupado demais: sua mensagem esperou { $seconds ->
        [one] { $seconds } segundo
       *[other] { $seconds } segundos
    } e a vez dela não chegou.
engine-stopped = Estou sendo desligado. Tente de novo em um minuto, por favor.
generation-failed = Algo deu errado enquanto eu respondia. Tente de novo, por favor.
unknown-persona = Não existe uma persona chamada “{ $name }”. Escolha uma destas: { $known }.
unknown-persona-none = Não existe uma persona chamada “{ $name }”, nem nenhuma outra.
persona-unavailable = { $name } não pode falar agora porque o adaptador não pôde ser carregado. Quem me administra encontra o motivo no registro.
already-training = { $persona } já está sendo treinada.
failure-operator = Não consigo fazer isso agora. Quem me administra encontra o motivo no registro.
failure-permissions = Faltam permissões para isso: { $permissions }.
failure-not-here = Você não pode fazer isso aqui.
failure-old-command = O Discord ainda mostra uma versão antiga desse comando. Recarregue o Discord (Ctrl+R) e tente de novo.
failure-discord = O Discord não me deixou fazer isso. Talvez me falte uma permissão aqui.
failure-bug = Algo quebrou do meu lado (erro { $number }). Quem me administra encontra os detalhes no registro.
unknown-press = Esse botão não funciona mais.
form-from-before = Fui reiniciado depois que esse formulário foi aberto, então nada dele foi salvo. Abra-o de novo. O que você escreveu está no arquivo.
form-again-from-before = Fui reiniciado desde então. Use o comando de novo. O que você escreveu está no arquivo acima.
server-only = Isso só funciona em um servidor.
server-channel-only = Isso só funciona nos canais de um servidor.

## Who may use the bot

access-member = Você não tem permissão para me usar.
access-direct-messages = Não respondo a mensagens diretas.
access-server = Não posso ser usado neste servidor.
access-channel = Não posso ser usado neste canal.
operators-only = Só quem administra este bot pode fazer isso.
only-asker =
    Só quem perguntou, ou alguém com a permissão { permission-manage-messages }, pode { $action ->
        [stop] parar esta resposta
        [again] pedir outra resposta
        [keep] escolher entre as respostas
       *[delete] excluir esta resposta
    }.
too-fast =
    Tente de novo em { $seconds ->
        [one] { $seconds } segundo
       *[other] { $seconds } segundos
    }, por favor. { $who ->
        [server] Este servidor está escrevendo
       *[member] Você está escrevendo
    } mais rápido do que eu consigo responder.
permission-manage-channels = Gerenciar canais
permission-manage-messages = Gerenciar mensagens
permission-manage-server = Gerenciar servidor
permission-manage-webhooks = Gerenciar webhooks

## Messages that can't be read or answered

unreadable-message =
    Mencione-me, por favor: escreva @{ $name } na mensagem ou deixe a menção ligada (@ LIGADO) ao responder. O Discord só me mostra mensagens que me mencionam.
no-text = Escreva sua pergunta junto do anexo ou da figurinha, por favor. Só consigo ler texto.
cannot-write =
    Não consigo escrever em { $channel }. Peça a alguém que gerencie o canal para me deixar vê-lo, enviar mensagens e ler o histórico.

## While a reply is written

button-stop = Parar
button-again = De novo
button-correct = Melhorar
button-keep = Ficar com esta
queue-position = { $ahead ->
        [one] { $ahead } resposta está
       *[other] { $ahead } respostas estão
    } na frente da sua …
queue-position-seconds = { $ahead ->
        [one] { $ahead } resposta está
       *[other] { $ahead } respostas estão
    } na frente da sua, cerca de { $seconds } s …
queue-position-minutes = { $ahead ->
        [one] { $ahead } resposta está
       *[other] { $ahead } respostas estão
    } na frente da sua, cerca de { $minutes } min …
reply-stopped = (parada)
reply-interrupted = (interrompida)
reply-in-file = A resposta completa está no arquivo.
reply-not-saved = Não consegui salvar esta resposta, então não dá para votar nela.
token-removed = [token removido]

## Votes and better answers

help-talk = **Conversar:** mencione-me, responda a uma das minhas mensagens ou use `/{ command-chat.name }`. `/{ command-persona.name } { command-persona-list.name }` mostra quem está aqui, `/{ command-ask.name }` pergunta a outra pessoa, `/{ command-forget.name }` recomeça.
help-reply = **Abaixo de uma resposta:** 👍 e 👎 avaliam, 🔁 dá uma segunda resposta, com ✏️ você escreve uma melhor, ▶ continua uma que foi cortada, ⏹ interrompe.
help-learning = **Aprender:** as personas aprendem com votos e respostas melhores, e com as suas palavras só se você permitir: `/{ command-privacy.name }`.
reply-gone = Não tenho mais essa resposta, então ela não pode ser avaliada.
not-my-reply = Essa não é uma resposta minha, ou não a tenho mais.
reply-deleted = A resposta foi excluída, e nada será aprendido com ela.
answer-gone = Não tenho mais essa resposta, então não posso responder de novo.
already-answering = Fique primeiro com uma das duas respostas, por favor. Já existe uma segunda.
another-kept = (outra resposta foi escolhida)
correction-title = Uma resposta melhor
correction-label = O que deveria ter sido respondido?
correction-empty = Escreva uma resposta, por favor: o formulário estava vazio.
correction-thanks = Obrigado! Salvei sua resposta melhor.
correction-thanks-refused =
    Obrigado! Salvei sua resposta melhor. Ela não será usada para treinar, porque você recusou. Você pode mudar de ideia com `/{ command-privacy.name }`.
reason-question = Anotado. Se quiser, diga o que estava errado:
reason-placeholder = O que estava errado?
reason-wrong = Está errada
reason-character = Fora do personagem
reason-rude = Grosseira
reason-long = Longa demais
reason-other = Outra coisa
reason-thanks =
    Obrigado! Anotado: { $reason ->
        [wrong] está errada
        [character] fora do personagem
        [rude] grosseira
        [long] longa demais
       *[other] outra coisa
    }.
reason-too-late = Você já retirou seu 👎, então não precisa de motivo.

## Privacy

consent-question =
    Seu voto conta. **As personas também podem aprender com o que você escreve para elas?** Se você disser sim, o que escreveu antes de uma resposta que agradou e suas respostas melhores podem virar dados de treinamento, na própria máquina deste bot. Se você disser não, seus votos contam mesmo assim e suas palavras nunca são usadas para treinar. Com `/{ command-privacy.name }` você pode ver, mudar, exportar ou excluir tudo sobre você quando quiser.
consent-yes = Sim, podem aprender
consent-no = Não
consent-learn-more = Saiba mais
consent-allowed = Obrigado! Agora as personas podem aprender com o que você escreve para elas. Você pode mudar isso quando quiser com `/{ command-privacy.name }`.
consent-refused =
    Entendido. Suas palavras nunca são usadas para treinar, e seus votos contam mesmo assim. Você pode mudar isso quando quiser com `/{ command-privacy.name }`.
consent-more-kept = **O que eu guardo:** suas mensagens e minhas respostas, seus votos e os motivos deles, suas respostas melhores, e com qual de duas respostas você ficou. Tudo fica em um arquivo, na máquina em que este bot roda.
consent-more-learning = **O que aprender significa:** de tempos em tempos, um pequeno complemento do modelo de linguagem é treinado para cada persona. Ele aprende com as respostas de que os membros gostaram, junto com o que foi perguntado, e com as respostas melhores. As suas só entram se você concordar.
consent-more-no = **Se você disser não**, ou não disser nada: seus votos contam nos números, e suas palavras nunca são usadas para treinar.
consent-more-change = **Se você mudar de ideia:** use `/{ command-privacy.name }`. Isso também vale para o que já está guardado: o próximo treinamento deixa de fora. Lá você pode ler tudo em um arquivo ou mandar excluir. Quando você exclui uma mensagem no Discord, eu também a excluo.
privacy-undecided = Você ainda não decidiu se as personas podem aprender com o que você escreve. Até lá, elas não podem.
privacy-allowed = As personas **podem aprender** com o que você escreve para elas.
privacy-refused = As personas **não podem aprender** com o que você escreve para elas. Seus votos contam mesmo assim.
privacy-off-server = Neste servidor, nada é aprendido de ninguém: quem o administra desligou isso.
privacy-off-channel = Neste canal, nada é aprendido de ninguém: quem administra o servidor desligou isso.
privacy-stored = Guardado sobre você: { $counts }. Isso fica na máquina em que este bot roda.
privacy-nothing-stored = Não há mais nada guardado sobre você.
privacy-count =
    { $kind ->
        [replies] { $count ->
            [one] { $count } resposta para você, com o que você escreveu
           *[other] { $count } respostas para você, com o que você escreveu
        }
        [quoted_in] { $count ->
            [one] { $count } resposta a outras pessoas que se apoia nas suas palavras
           *[other] { $count } respostas a outras pessoas que se apoiam nas suas palavras
        }
        [votes] { $count ->
            [one] { $count } voto
           *[other] { $count } votos
        }
        [corrections] { $count ->
            [one] { $count } resposta melhor
           *[other] { $count } respostas melhores
        }
        [comparisons] { $count ->
            [one] { $count } escolha entre duas respostas
           *[other] { $count } escolhas entre duas respostas
        }
       *[personas_made] { $count ->
            [one] { $count } persona que você criou
           *[other] { $count } personas que você criou
        }
    }
privacy-allow = Permitir aprendizado
privacy-refuse = Recusar
privacy-export = Exportar
privacy-exported = Tudo o que guardo sobre você:
privacy-delete = Excluir tudo
privacy-sure = Isso exclui para sempre suas mensagens e minhas respostas, seus votos e suas respostas melhores. Tem certeza?
privacy-delete-yes = Sim, excluir tudo
privacy-delete-no = Manter
privacy-deleted = Tudo o que eu guardava sobre você foi excluído.
privacy-kept = Nada foi excluído.
collection-needs-permission = Você precisa da permissão { permission-manage-server } para decidir com o que as personas podem aprender.
collection-on =
    Com a permissão de cada membro, as personas podem aprender com o que é dito { $where ->
        [server] neste servidor
       *[channel] neste canal
    }.
collection-off =
    Nada do que é ou foi dito { $where ->
        [server] neste servidor
       *[channel] neste canal
    } é mais usado para treinar, até alguém ligar de novo. Os votos continuam contando nos números.
collection-still-off =
    Ainda está desligado para { $where ->
        [server] o servidor inteiro
       *[channel] este canal
    }.

## Personas that a server makes

persona-name-taken = Já existe uma persona chamada “{ $name }”. Escolha outro nome, por favor.
persona-too-many =
    Este servidor já tem { $most ->
        [one] { $most } persona própria
       *[other] { $most } personas próprias
    }. Exclua uma primeiro.
persona-shipped = { $name } veio com o bot, então não pode ser mudada pelo Discord.
persona-bad-name =
    “{ $name }” não serve como nome curto. Use de 2 a 32 caracteres entre a–z, 0–9 e hífens, começando com uma letra ou um número.
persona-too-long =
    Encurte “{ persona-field }”, por favor: pode ter no máximo { $limit ->
        [one] { $limit } caractere
       *[other] { $limit } caracteres
    }.
persona-beyond-context = Encurte o prompt de sistema, por favor: ele tem { $tokens } tokens, e com mais de { $limit } não sobra espaço para perguntas e respostas.
persona-too-short = Preencha “{ persona-field }”, por favor.
persona-bad-picture = A imagem precisa de um endereço da web que comece com https:// e não tenha espaços.
persona-bad-field = Há algo errado em “{ persona-field }”. Mude e tente de novo, por favor.
persona-field =
    { $field ->
        [display_name] Nome
        [description] Descrição
        [system_prompt] Prompt de sistema
        [greeting] Saudação
        [avatar] Emoji
       *[other] { $field }
    }

## Personas in a channel

persona-switched = { $persona } fala aqui agora.
persona-answers-all = Todas as mensagens daqui recebem resposta.
persona-reset = { $persona } volta a falar aqui.
persona-needs-intent =
    Para responder a todas as mensagens, preciso conseguir ler todas, e o Discord só permite isso com a intent “message content”. Quem administra este bot pode ligá-la no portal de desenvolvedores do Discord (Bot → Privileged Gateway Intents) e com `discord.message_content = true` no config.toml. Até lá, os membros me mencionam.
persona-needs-manage-channels = Você precisa da permissão { permission-manage-channels } para escolher quem fala aqui.
persona-needs-manage-server = Você precisa da permissão { permission-manage-server } para criar ou mudar as personas deste servidor.
persona-needs-manage-webhooks = Você precisa da permissão { permission-manage-webhooks } para escolher com que nome as personas falam.
persona-i-need-manage-webhooks = Para isso, preciso da permissão { permission-manage-webhooks } neste canal.
persona-needs-server = As personas próprias pertencem a um servidor. Use este comando lá, por favor.
persona-listed-own = (deste servidor)
persona-listed-current = ← fala aqui
persona-voice-version = Fala com a versão { $number } do seu adaptador.
persona-voice-prompt = Fala só a partir do seu prompt.
persona-form-create = Uma nova persona
persona-form-edit = Mudar { $name }
persona-form-display-name = Nome
persona-form-description = O que os membros leem (uma linha)
persona-form-system-prompt = Prompt de sistema: quem é, como fala
persona-form-greeting = Saudação
persona-form-avatar = Emoji
persona-form-again = Abrir o formulário de novo
persona-ready =
    { $persona } (`{ $name }`) está pronta. Com `/{ command-persona.name } { command-persona-switch.name } { option-name }:{ $name }`, ela fala aqui.
persona-changed = { $persona } mudou, a partir da próxima resposta.
persona-deleted = { $persona } foi excluída. Onde ela falava, a persona padrão volta a falar.
persona-card = O cartão de { $persona }:
persona-identity-on = Em { $channel }, as personas agora falam com o próprio nome e a própria imagem.
persona-identity-off = Em { $channel }, as personas agora falam com o meu nome.
webhook-reason = Para que as personas falem com o próprio nome.
forget-needs-permission = Para esquecer o que foi dito em um canal compartilhado é preciso ter a permissão Gerenciar mensagens.
forgotten = Esqueci o que foi dito aqui. Vamos recomeçar.
scene-needs-two = Escolha duas personas diferentes para uma cena, por favor.
scene-already = Já existe uma cena neste canal. Espere até ela acabar ou pare-a com ⏹.
scene-title = 🎬 { $first } e { $second }

## Statistics

stats-title = { $name }, { $days ->
        [one] último { $days } dia
       *[other] últimos { $days } dias
    }
stats-title-all = Todas as personas, { $days ->
        [one] último { $days } dia
       *[other] últimos { $days } dias
    }
stats-on-server = **{ $title }**, neste servidor
stats-everywhere = **{ $title }**, em todo lugar
stats-picture = Aprovação: { $title }
stats-no-replies = Ainda não há respostas.
stats-votes = Respostas: { $replies }. 👍 { $up }, 👎 { $down }{ $share }. Respostas melhores: { $corrections }. Escolhas entre duas respostas: { $comparisons }.
stats-share = { $percent }%
stats-by-version = Por versão: { $versions }.
stats-version = { $name }: { $replies ->
        [one] { $replies } resposta
       *[other] { $replies } respostas
    }, 👍 { $up } 👎 { $down }{ $share }
stats-prompt-only = só prompt
stats-reasons = Por que 👎: { $reasons }.
stats-reason = { $reason ->
        [wrong] errada
        [character] fora do personagem
        [rude] grosseira
        [long] longa demais
       *[other] outra coisa
    } { $count }
stats-first-word = Primeira palavra depois de { $usual } s (mediana), em menos de { $most } s em 95% das respostas.
stats-whole-reply = Resposta completa depois de { $usual } s (mediana), em menos de { $most } s em 95% das respostas.
chart-by-day = Aprovação por dia
chart-likes-share = a favor, % dos votos
chart-by-version = Votos por versão
chart-prompt = prompt
chart-likes = a favor
chart-dislikes = contra
chart-no-votes = ainda não há votos

## For the people who run the bot

train-waiting = { $persona }: esperando o treinamento de { $other } terminar.
train-begun = { $persona }: treinando … { $bar }
train-running = { $persona }: treinando … { $bar } passo { $step } de { $steps }
train-running-loss = { $persona }: treinando … { $bar } passo { $step } de { $steps }, perda { $loss }
train-judging = { $persona }: avaliando a nova versão … { $bar }
train-failed = { $persona }: o treinamento falhou. { $why }
train-canary = { $persona }: a versão { $number } foi aceita. Por enquanto, ela fala em { $percent }% dos canais.
train-accepted = { $persona }: a versão { $number } é melhor e fala a partir da próxima resposta.
train-refused = { $persona }: a versão { $number } foi recusada e não vai falar.
train-server-made = { $name } foi criada neste servidor e fala a partir da sua ficha. Para treiná-la, quem me administra cria antes uma pasta para ela: `python -m training adopt { $name }`.
versions-none = Ainda não há adaptador; a persona fala só a partir do seu prompt.
versions-unloaded = A versão ativa não pôde ser carregada. Quem me administra encontra o motivo no registro.
versions-canary = 🐤 { $canary }. Os votos decidem qual fica.
versions-last-change = Última mudança, { $date }: { $what }, { $why }.
versions-to-replace = ⚠️ { $versions }: aprendeu com palavras já excluídas e será substituída.
versions-incomplete = `v{ $number }` está incompleta
versions-made = criada em { $date }
versions-rows = a partir de { $rows }
versions-speaks = ← fala
versions-other-base = para outro modelo base
versions-refused = recusada na avaliação
versions-from-card = O adaptador é para outro modelo base. Até ser treinada para este, a persona fala a partir da sua ficha.
rollback-no-version = { $name } não tem a versão { $number }.
rollback-done = { $persona }: a versão { $number } volta a falar a partir da próxima resposta.
rollback-choice = versão { $number }
health-engine = **Motor** { $model }, { $device }, { $precision }
health-queue = **Fila** { $running } de { $most } linhas em andamento, { $waiting } esperando
health-memory = **Memória** { $megabytes } MB no máximo desde o início
health-versions = **Versões** { $versions }
health-no-versions = **Versões** nenhuma: todas falam a partir do prompt
health-adapters = **Adaptadores carregados** { $adapters }
health-no-adapters = **Adaptadores carregados** nenhum
health-database = **Banco de dados** { $replies ->
        [one] { $replies } resposta
       *[other] { $replies } respostas
    }, { $votes ->
        [one] { $votes } voto
       *[other] { $votes } votos
    }, { $megabytes } MB
health-trainings = **Treinamentos em andamento** { $personas }
health-no-trainings = **Treinamentos em andamento** nenhum
health-uptime-days = **No ar há** { $days } d { $hours } h { $minutes } min, a { $milliseconds } ms do Discord
health-uptime = **No ar há** { $hours } h { $minutes } min, a { $milliseconds } ms do Discord

## Commands

command-chat =
    .name = conversar
    .description = Diga algo à persona que fala aqui.
    .option-message = O que você quer dizer.
command-ask =
    .name = perguntar
    .description = Pergunte a outra persona, só desta vez.
    .option-persona = Quem deve responder.
    .option-message = O que você quer dizer.
command-scene =
    .name = cena
    .description = Faça duas personas conversarem entre si.
    .option-persona_a = Quem começa.
    .option-persona_b = Quem responde.
    .option-topic = Sobre o que elas falam.
    .option-turns = Quantas vezes elas falam ao todo, de 2 a 12.
command-help =
    .name = ajuda
    .description = O que você pode fazer comigo, e como.
command-forget =
    .name = esquecer
    .description = Recomeçar: esqueço o que foi dito neste canal ou tópico.
command-privacy =
    .name = privacidade
    .description = Veja o que guardo sobre você. Permita ou recuse o treinamento, exporte ou exclua.
command-collection =
    .name = coleta
    .description = Decida se as personas podem aprender com o que é dito aqui ou no servidor inteiro.
    .option-learn = Se elas podem aprender, dos membros que permitem.
    .option-where = Este canal ou o servidor inteiro.
command-stats =
    .name = estatísticas
    .description = Veja o que os membros acham de uma persona: aprovação ao longo do tempo e por versão.
    .option-persona = A persona. Sem ela, todas.
    .option-days = Quantos dias atrás (30).
command-train =
    .name = treinar
    .description = Treine uma persona com o que agradou. Se a nova versão for melhor, ela passa a falar.
    .option-persona = A persona.
command-versions =
    .name = versões
    .description = Veja as versões de uma persona: qual fala e quanto cada uma agradou.
    .option-persona = A persona.
command-rollback =
    .name = voltar
    .description = Faça uma versão anterior de uma persona falar de novo.
    .option-persona = A persona.
    .option-version = O número da versão.
command-health =
    .name = estado
    .description = Como está o bot: motor, fila, memória, versões, banco de dados.
command-persona =
    .name = persona
    .description = Quem fala neste canal.
command-persona-switch =
    .name = escolher
    .description = Escolha quem fala neste canal ou tópico.
    .option-name = A persona que fala aqui a partir de agora.
    .option-auto_reply = Responder a todas as mensagens daqui, mesmo sem menção.
command-persona-reset =
    .name = redefinir
    .description = Deixe este tópico seguir seu canal de novo, ou este canal, a persona padrão.
command-persona-list =
    .name = lista
    .description = Veja todas as personas e quem fala aqui.
command-persona-info =
    .name = info
    .description = Veja como é uma persona e qual versão do adaptador fala por ela.
    .option-name = A persona. Sem ela, a que fala aqui.
command-persona-create =
    .name = criar
    .description = Crie uma persona para este servidor. Um formulário se abre.
    .option-name = O nome curto para comandos: a-z, 0-9, hífens. Sem ele, vem do nome completo.
command-persona-edit =
    .name = editar
    .description = Mude uma persona deste servidor. Um formulário se abre.
    .option-name = A persona.
command-persona-delete =
    .name = excluir
    .description = Exclua uma persona deste servidor. Você recebe o cartão dela, caso a queira de volta.
    .option-name = A persona.
command-persona-import =
    .name = importar
    .description = Crie uma persona a partir de um cartão de personagem (JSON, YAML, PNG ou .charx).
    .option-card = O arquivo do cartão.
    .option-name = O nome curto para comandos. Sem ele, vem do cartão.
command-persona-export =
    .name = exportar
    .description = Receba uma persona como cartão de personagem, para outros programas ou outro servidor.
    .option-name = A persona.
command-persona-identity =
    .name = identidade
    .description = Deixe as personas falarem aqui com o próprio nome e imagem, ou com os meus.
    .option-on = Com o próprio nome e imagem.
menu-suggest = Sugerir resposta melhor
menu-delete = Excluir esta resposta
option-message = mensagem
option-persona = persona
option-persona_a = persona_a
option-persona_b = persona_b
option-topic = assunto
option-turns = turnos
option-learn = aprender
option-where = onde
option-days = dias
option-version = versão
option-name = nome
option-auto_reply = responder_a_tudo
option-card = cartão
option-on = ligado
choice-channel = canal
choice-server = servidor

## Character cards

card-too-large = Esse arquivo é grande demais. Um cartão pode ter no máximo { $megabytes } MB.
card-text-too-long = O texto desse cartão é longo demais. Leio no máximo { $megabytes } MB dele.
card-without-name = Não há nome nesse cartão, então não sei quem é.
card-not-in-picture = Não há cartão de personagem nessa imagem. Preciso de um arquivo PNG salvo pelo Tavern ou por um programa parecido.
card-unreadable = Isso não é um cartão de personagem. Leio cartões de arquivos JSON e YAML, de imagens PNG e de arquivos .charx.
card-other-picture = Isso é uma imagem { $kind }. Leio cartões de imagens PNG: exporte como PNG ou como JSON.
card-not-in-archive = Não há cartão de personagem nesse arquivo compactado. Preciso de um .charx com um card.json dentro.
card-description = Fala como { $character }.
card-name-shortened = Encurtei o nome: ficam { $kept } de { $of } caracteres.
card-prompt-shortened = Encurtei a descrição do personagem: ficam { $kept } de { $of } caracteres.
card-greeting-shortened = Encurtei uma saudação: ficam { $kept } de { $of } caracteres.
card-greetings-left-out = Fiquei só com { $kept } das { $of } saudações.
card-notes-shortened = Encurtei as notas para fazer uma descrição: ficam { $kept } de { $of } caracteres.
card-examples-left-out =
    { $kept ->
        [0] Nenhum dos { $of } diálogos de exemplo cabe no prompt.
       *[other] Fiquei só com { $kept } dos { $of } diálogos de exemplo no prompt.
    }
card-lore-left-out =
    { $count ->
        [one] Deixei de fora { $count } entrada do lorebook: chaves que não são palavras simples, texto longo demais, ou entradas demais.
       *[other] Deixei de fora { $count } entradas do lorebook: chaves que não são palavras simples, texto longo demais, ou entradas demais.
    }
card-group-greetings-left-out =
    { $count ->
        [one] Deixei de fora { $count } saudação para grupos.
       *[other] Deixei de fora { $count } saudações para grupos.
    }
card-macros-left-out =
    { $count ->
        [one] Deixei de fora { $count } macro que não conheço: { $names }.
       *[other] Deixei de fora { $count } macros que não conheço: { $names }.
    }
card-picture-left-out = Não posso usar a própria imagem. Para uma imagem, dê o endereço da web dela nos “assets” do cartão.
