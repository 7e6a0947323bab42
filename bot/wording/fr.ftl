# Français. Ce qui manque ici se dit en anglais. On tutoie les membres.

## When something can't be done

empty-prompt = Écris quelques mots auxquels je puisse répondre : ton message était vide.
prompt-too-long = Raccourcis ton message, s'il te plaît : il fait { $tokens } tokens et je peux en lire { $limit }.
queue-share-full =
    { $place ->
        [server] Réessaie dans un instant. { $waiting } messages de ce serveur attendent déjà, c’est le maximum.
       *[other] Réessaie dans un instant. { $waiting } messages de ce salon attendent déjà, c’est le maximum.
    }
queue-full =
    Réessaie dans un instant, s'il te plaît. Je suis occupé : { $waiting ->
        [one] { $waiting } message attend
       *[other] { $waiting } messages attendent
    } déjà.
deadline-while-writing =
    Réessaie plus tard, s'il te plaît. J'ai arrêté cette réponse, car elle me demandait plus de { $seconds ->
        [one] { $seconds } seconde
       *[other] { $seconds } secondes
    }.
deadline-while-waiting =
    Réessaie plus tard, s'il te plaît. Je suis trop occupé : ton message a attendu { $seconds ->
        [one] { $seconds } seconde
       *[other] { $seconds } secondes
    } et son tour n'est pas venu.
engine-stopped = Je suis en train de m'arrêter. Réessaie dans une minute, s'il te plaît.
generation-failed = Quelque chose s'est mal passé pendant que je répondais. Réessaie, s'il te plaît.
unknown-persona = Il n'y a pas de persona appelée « { $name } ». Choisis parmi celles-ci : { $known }.
unknown-persona-none = Il n'y a pas de persona appelée « { $name } », ni aucune autre.
persona-unavailable = { $name } ne peut pas parler pour l'instant, car son adaptateur n'a pas pu être chargé. Les personnes qui me font tourner trouveront la raison dans le journal.
already-training = { $persona } est déjà en cours d'entraînement.
failure-operator = Je ne peux pas le faire pour l'instant. Les personnes qui me font tourner trouveront la raison dans le journal.
failure-permissions = Il te manque des permissions pour cela : { $permissions }.
failure-not-here = Tu ne peux pas faire cela ici.
failure-old-command = Discord affiche encore une ancienne version de cette commande. Recharge Discord (Ctrl+R) et réessaie.
failure-discord = Discord ne m'a pas laissé faire. Il me manque peut-être une permission ici.
failure-bug = Quelque chose s'est cassé de mon côté (erreur { $number }). Les personnes qui me font tourner trouveront les détails dans le journal.
unknown-press = Ce bouton ne fonctionne plus.
form-from-before = J'ai été redémarré après l'ouverture de ce formulaire : rien n'en est enregistré. Ouvre-le de nouveau. Ce que tu as écrit est dans le fichier.
form-again-from-before = J'ai été redémarré depuis. Utilise la commande de nouveau. Ce que tu as écrit est dans le fichier ci-dessus.
server-only = Cela ne marche que sur un serveur.
server-channel-only = Cela ne marche que dans les salons d'un serveur.

## Who may use the bot

access-member = Tu n'as pas le droit de m'utiliser.
access-direct-messages = Je ne réponds pas aux messages privés.
access-server = On ne peut pas m'utiliser sur ce serveur.
access-channel = On ne peut pas m'utiliser dans ce salon.
operators-only = Seules les personnes qui font tourner ce bot peuvent le faire.
only-asker =
    Seule la personne qui a posé la question, ou quelqu'un avec la permission { permission-manage-messages }, peut { $action ->
        [stop] arrêter cette réponse
        [again] demander une autre réponse
        [keep] choisir entre les réponses
       *[delete] supprimer cette réponse
    }.
too-fast =
    Réessaie dans { $seconds ->
        [one] { $seconds } seconde
       *[other] { $seconds } secondes
    }, s'il te plaît. { $who ->
        [server] Ce serveur écrit
       *[member] Tu écris
    } plus vite que je ne peux répondre.
permission-manage-channels = Gérer les salons
permission-manage-messages = Gérer les messages
permission-manage-server = Gérer le serveur
permission-manage-webhooks = Gérer les webhooks

## Messages that can't be read or answered

unreadable-message =
    Mentionne-moi, s'il te plaît : écris @{ $name } dans ton message, ou laisse la mention (@ ACTIVÉ) quand tu réponds. Discord ne me montre que les messages qui me mentionnent.
no-text = Écris ta question à côté de la pièce jointe ou de l'autocollant, s'il te plaît. Je ne lis que le texte.
cannot-write =
    Je ne peux pas écrire dans { $channel }. Demande à quelqu'un qui gère ce salon de me laisser le voir, y écrire et lire son historique.

## While a reply is written

button-stop = Arrêter
button-again = Encore
button-correct = Améliorer
button-keep = Garder celle-ci
queue-position = { $ahead ->
        [one] { $ahead } réponse passe
       *[other] { $ahead } réponses passent
    } avant la tienne …
queue-position-seconds = { $ahead ->
        [one] { $ahead } réponse passe
       *[other] { $ahead } réponses passent
    } avant la tienne, environ { $seconds } s …
queue-position-minutes = { $ahead ->
        [one] { $ahead } réponse passe
       *[other] { $ahead } réponses passent
    } avant la tienne, environ { $minutes } min …
reply-stopped = (arrêtée)
reply-interrupted = (interrompue)
reply-in-file = La réponse complète est dans le fichier.
reply-not-saved = Je n'ai pas pu enregistrer cette réponse : on ne peut donc pas voter pour elle.
token-removed = [token retiré]

## Votes and better answers

help-talk = **Parler :** mentionne-moi, réponds à un de mes messages ou utilise `/{ command-chat.name }`. `/{ command-persona.name } { command-persona-list.name }` montre qui est là, `/{ command-ask.name }` interroge quelqu'un d'autre, `/{ command-forget.name }` repart de zéro.
help-reply = **Sous une réponse :** 👍 et 👎 la notent, 🔁 donne une deuxième réponse, ✏️ te laisse en écrire une meilleure, ▶ poursuit une réponse coupée, ⏹ l'arrête.
help-learning = **Apprendre :** les personas apprennent des votes et des meilleures réponses, et de tes mots seulement si tu le permets : `/{ command-privacy.name }`.
reply-gone = Je n'ai plus cette réponse : on ne peut donc plus la noter.
not-my-reply = Ce n'est pas une de mes réponses, ou je ne l'ai plus.
reply-deleted = La réponse est supprimée, et rien n'en sera appris.
answer-gone = Je n'ai plus cette réponse : je ne peux donc pas y répondre de nouveau.
already-answering = Garde d'abord l'une des deux réponses, s'il te plaît. Il y en a déjà une seconde.
another-kept = (une autre réponse a été gardée)
correction-title = Une meilleure réponse
correction-label = Qu'aurait-il fallu répondre ?
correction-empty = Écris une réponse, s'il te plaît : le formulaire était vide.
correction-thanks = Merci ! J'ai enregistré ta meilleure réponse.
correction-thanks-refused =
    Merci ! J'ai enregistré ta meilleure réponse. Elle ne servira pas à l'entraînement, puisque tu l'as refusé. Tu peux changer d'avis avec `/{ command-privacy.name }`.
reason-question = C'est noté. Si tu veux, dis-moi ce qui n'allait pas :
reason-placeholder = Qu'est-ce qui n'allait pas ?
reason-wrong = C'est faux
reason-character = Ne colle pas au personnage
reason-rude = Impoli
reason-long = Trop long
reason-other = Autre chose
reason-thanks =
    Merci ! C'est noté : { $reason ->
        [wrong] c'est faux
        [character] ne colle pas au personnage
        [rude] impoli
        [long] trop long
       *[other] autre chose
    }.
reason-too-late = Tu as retiré ton 👎 entre-temps : il n'a plus besoin de raison.

## Privacy

consent-question =
    Ton vote compte. **Les personas peuvent-elles aussi apprendre de ce que tu leur écris ?** Si tu dis oui, ce que tu as écrit avant une réponse appréciée et tes meilleures réponses peuvent devenir des données d'entraînement, sur la machine de ce bot. Si tu dis non, tes votes comptent quand même et tes mots ne servent jamais à l'entraînement. Avec `/{ command-privacy.name }`, tu peux à tout moment voir, modifier, exporter ou supprimer tout ce qui te concerne.
consent-yes = Oui, elles peuvent apprendre
consent-no = Non
consent-learn-more = En savoir plus
consent-allowed = Merci ! Les personas peuvent désormais apprendre de ce que tu leur écris. Tu peux changer d'avis à tout moment avec `/{ command-privacy.name }`.
consent-refused =
    Compris. Tes mots ne servent jamais à l'entraînement, et tes votes comptent quand même. Tu peux changer d'avis à tout moment avec `/{ command-privacy.name }`.
consent-more-kept = **Ce que je garde :** tes messages et mes réponses, tes votes et leurs raisons, tes meilleures réponses, et laquelle de deux réponses tu as gardée. Tout reste dans un fichier, sur la machine qui fait tourner ce bot.
consent-more-learning = **Ce qu'apprendre veut dire :** de temps en temps, un petit complément du modèle de langage est entraîné pour chaque persona. Il apprend des réponses que les membres ont aimées, avec ce qui était demandé, et des meilleures réponses. Les tiennes n'en font partie que si tu es d'accord.
consent-more-no = **Si tu dis non**, ou rien du tout : tes votes comptent dans les chiffres, et tes mots ne servent jamais à l'entraînement.
consent-more-change = **Si tu changes d'avis :** utilise `/{ command-privacy.name }`. Cela vaut aussi pour ce qui est déjà enregistré : le prochain entraînement n'en tiendra pas compte. Tu peux y lire tout dans un fichier, ou le faire supprimer. Quand tu supprimes un message sur Discord, je le supprime aussi.
privacy-undecided = Tu n'as pas encore décidé si les personas peuvent apprendre de ce que tu écris. D'ici là, elles ne le peuvent pas.
privacy-allowed = Les personas **peuvent apprendre** de ce que tu leur écris.
privacy-refused = Les personas **ne peuvent pas apprendre** de ce que tu leur écris. Tes votes comptent quand même.
privacy-off-server = Sur ce serveur, rien n'est appris de personne : les personnes qui le gèrent l'ont désactivé.
privacy-off-channel = Dans ce salon, rien n'est appris de personne : les personnes qui gèrent le serveur l'ont désactivé.
privacy-stored = Enregistré à ton sujet : { $counts }. Cela reste sur la machine qui fait tourner ce bot.
privacy-nothing-stored = Rien d'autre n'est enregistré à ton sujet.
privacy-count =
    { $kind ->
        [replies] { $count ->
            [one] { $count } réponse pour toi, avec ce que tu as écrit
           *[other] { $count } réponses pour toi, avec ce que tu as écrit
        }
        [quoted_in] { $count ->
            [one] { $count } réponse à d'autres qui s'appuie sur tes mots
           *[other] { $count } réponses à d'autres qui s'appuient sur tes mots
        }
        [votes] { $count ->
            [one] { $count } vote
           *[other] { $count } votes
        }
        [corrections] { $count ->
            [one] { $count } meilleure réponse
           *[other] { $count } meilleures réponses
        }
        [comparisons] { $count ->
            [one] { $count } choix entre deux réponses
           *[other] { $count } choix entre deux réponses
        }
       *[personas_made] { $count ->
            [one] { $count } persona que tu as créée
           *[other] { $count } personas que tu as créées
        }
    }
privacy-allow = Autoriser l'apprentissage
privacy-refuse = Refuser
privacy-export = Exporter
privacy-exported = Tout ce que j'ai enregistré à ton sujet :
privacy-delete = Tout supprimer
privacy-sure = Cela supprime définitivement tes messages et mes réponses, tes votes et tes meilleures réponses. Tu confirmes ?
privacy-delete-yes = Oui, tout supprimer
privacy-delete-no = Garder
privacy-deleted = Tout ce que j'avais enregistré à ton sujet est supprimé.
privacy-kept = Rien n'a été supprimé.
collection-needs-permission = Il te faut la permission { permission-manage-server } pour décider de quoi les personas peuvent apprendre.
collection-on =
    Avec l'accord de chaque membre, les personas peuvent apprendre de ce qui se dit { $where ->
        [server] sur ce serveur
       *[channel] dans ce salon
    }.
collection-off =
    Rien de ce qui se dit ou s'est dit { $where ->
        [server] sur ce serveur
       *[channel] dans ce salon
    } ne sert plus à l'entraînement, jusqu'à ce que quelqu'un le réactive. Les votes comptent toujours dans les chiffres.
collection-still-off =
    L'apprentissage reste désactivé pour { $where ->
        [server] tout le serveur
       *[channel] ce salon
    }.

## Personas that a server makes

persona-name-taken = Il y a déjà une persona appelée « { $name } ». Choisis un autre nom, s'il te plaît.
persona-too-many =
    Ce serveur a déjà { $most ->
        [one] { $most } persona à lui
       *[other] { $most } personas à lui
    }. Supprimes-en une d'abord.
persona-shipped = { $name } est livrée avec le bot : on ne peut donc pas la modifier depuis Discord.
persona-bad-name =
    « { $name } » ne convient pas comme nom court. Utilise de 2 à 32 caractères parmi a–z, 0–9 et le trait d'union, en commençant par une lettre ou un chiffre.
persona-too-long =
    Raccourcis « { persona-field } », s'il te plaît : pas plus de { $limit ->
        [one] { $limit } caractère
       *[other] { $limit } caractères
    }.
persona-beyond-context = Raccourcis le prompt système, s'il te plaît : il fait { $tokens } tokens, et au-delà de { $limit } il ne reste plus de place pour les questions et les réponses.
persona-too-short = Remplis « { persona-field } », s'il te plaît.
persona-bad-picture = L'image a besoin d'une adresse web qui commence par https:// et ne contient pas d'espace.
persona-bad-field = Il y a un problème avec « { persona-field } ». Modifie-le et réessaie, s'il te plaît.
persona-field =
    { $field ->
        [display_name] Nom
        [description] Description
        [system_prompt] Prompt système
        [greeting] Salutation
        [avatar] Emoji
       *[other] { $field }
    }

## Personas in a channel

persona-switched = { $persona } parle ici maintenant.
persona-answers-all = Ici, chaque message reçoit une réponse.
persona-reset = { $persona } parle de nouveau ici.
persona-needs-intent =
    Pour répondre à chaque message, je dois pouvoir tous les lire, et Discord ne le permet qu'avec l'intent « message content ». Les personnes qui font tourner ce bot peuvent l'activer dans le portail des développeurs de Discord (Bot → Privileged Gateway Intents) et avec `discord.message_content = true` dans config.toml. D'ici là, les membres me mentionnent.
persona-needs-manage-channels = Il te faut la permission { permission-manage-channels } pour choisir qui parle ici.
persona-needs-manage-server = Il te faut la permission { permission-manage-server } pour créer ou modifier les personas de ce serveur.
persona-needs-manage-webhooks = Il te faut la permission { permission-manage-webhooks } pour choisir sous quel nom les personas parlent.
persona-i-need-manage-webhooks = Pour cela, j'ai besoin de la permission { permission-manage-webhooks } dans ce salon.
persona-needs-server = Les personas d'un serveur lui appartiennent. Utilise cette commande là-bas, s'il te plaît.
persona-listed-own = (de ce serveur)
persona-listed-current = ← parle ici
persona-voice-version = Parle avec la version { $number } de son adaptateur.
persona-voice-prompt = Parle à partir de son seul prompt.
persona-form-create = Une nouvelle persona
persona-form-edit = Modifier { $name }
persona-form-display-name = Nom
persona-form-description = Ce que les membres en lisent (une ligne)
persona-form-system-prompt = Prompt système : qui elle est, son style
persona-form-greeting = Salutation
persona-form-avatar = Emoji
persona-form-again = Rouvrir le formulaire
persona-ready =
    { $persona } (`{ $name }`) est prête. Avec `/{ command-persona.name } { command-persona-switch.name } { option-name }:{ $name }`, elle parle ici.
persona-changed = { $persona } est modifiée, dès sa prochaine réponse.
persona-deleted = { $persona } est supprimée. Là où elle parlait, la persona par défaut parle de nouveau.
persona-card = La carte de { $persona } :
persona-identity-on = Dans { $channel }, les personas parlent maintenant sous leur propre nom et leur propre image.
persona-identity-off = Dans { $channel }, les personas parlent maintenant sous mon nom.
webhook-reason = Pour que les personas parlent sous leur propre nom.
forget-needs-permission = Faire oublier ce qui a été dit dans un salon partagé demande la permission Gérer les messages.
forgotten = J'ai oublié ce qui s'est dit ici. Repartons de zéro.
scene-needs-two = Choisis deux personas différentes pour une scène, s'il te plaît.
scene-already = Il y a déjà une scène dans ce salon. Attends qu'elle soit finie, ou arrête-la avec ⏹.
scene-title = 🎬 { $first } et { $second }

## Statistics

stats-title = { $name }, { $days ->
        [one] { $days } dernier jour
       *[other] { $days } derniers jours
    }
stats-title-all = Toutes les personas, { $days ->
        [one] { $days } dernier jour
       *[other] { $days } derniers jours
    }
stats-on-server = **{ $title }**, sur ce serveur
stats-everywhere = **{ $title }**, partout
stats-picture = Approbation : { $title }
stats-no-replies = Pas encore de réponses.
stats-votes = Réponses : { $replies }. 👍 { $up }, 👎 { $down }{ $share }. Meilleures réponses : { $corrections }. Choix entre deux réponses : { $comparisons }.
stats-share = { $percent } %
stats-by-version = Par version : { $versions }.
stats-version = { $name } : { $replies ->
        [one] { $replies } réponse
       *[other] { $replies } réponses
    }, 👍 { $up } 👎 { $down }{ $share }
stats-prompt-only = prompt seul
stats-reasons = Pourquoi 👎 : { $reasons }.
stats-reason = { $reason ->
        [wrong] c'est faux
        [character] hors du personnage
        [rude] impoli
        [long] trop long
       *[other] autre chose
    } { $count }
stats-first-word = Premier mot après { $usual } s (médiane), en moins de { $most } s pour 95 % des réponses.
stats-whole-reply = Réponse complète après { $usual } s (médiane), en moins de { $most } s pour 95 % des réponses.
chart-by-day = Approbation par jour
chart-likes-share = pour, en % des votes
chart-by-version = Votes par version
chart-prompt = prompt
chart-likes = pour
chart-dislikes = contre
chart-no-votes = pas encore de votes

## For the people who run the bot

train-waiting = { $persona } : attend la fin de l’entraînement de { $other }.
train-begun = { $persona } : entraînement … { $bar }
train-running = { $persona } : entraînement … { $bar } étape { $step } sur { $steps }
train-running-loss = { $persona } : entraînement … { $bar } étape { $step } sur { $steps }, perte { $loss }
train-judging = { $persona } : évaluation de la nouvelle version … { $bar }
train-failed = { $persona } : l'entraînement a échoué. { $why }
train-canary = { $persona } : la version { $number } a été acceptée. Pour l'instant, elle parle dans { $percent } % des salons.
train-accepted = { $persona } : la version { $number } est meilleure et parle dès la prochaine réponse.
train-refused = { $persona } : la version { $number } a été refusée et ne parlera pas.
train-server-made = { $name } a été créée sur ce serveur et parle à partir de sa carte. Pour l'entraîner, il lui faut d'abord un dossier, que les personnes qui me gèrent créent ainsi : `python -m training adopt { $name }`.
versions-none = Il n'y a pas encore d'adaptateur ; la persona parle à partir de son seul prompt.
versions-unloaded = La version active n'a pas pu être chargée. Les personnes qui me font tourner trouveront la raison dans le journal.
versions-canary = 🐤 { $canary }. Les votes décident laquelle reste.
versions-last-change = Dernier changement, { $date } : { $what }, { $why }.
versions-to-replace = ⚠️ { $versions } : appris de mots supprimés depuis, sera remplacé.
versions-incomplete = `v{ $number }` est incomplète
versions-made = créée le { $date }
versions-rows = à partir de { $rows }
versions-speaks = ← parle
versions-other-base = pour un autre modèle de base
versions-refused = refusée à l'évaluation
versions-from-card = Son adaptateur est pour un autre modèle de base. Tant qu'elle n'est pas entraînée pour celui-ci, elle parle à partir de sa carte.
rollback-no-version = { $name } n'a pas de version { $number }.
rollback-done = { $persona } : la version { $number } parle de nouveau, dès la prochaine réponse.
rollback-choice = version { $number }
health-engine = **Moteur** { $model }, { $device }, { $precision }
health-queue = **File d'attente** { $running } lignes sur { $most } en cours, { $waiting } en attente
health-memory = **Mémoire** { $megabytes } Mo au plus depuis le démarrage
health-versions = **Versions** { $versions }
health-no-versions = **Versions** aucune : toutes parlent à partir de leur prompt
health-adapters = **Adaptateurs chargés** { $adapters }
health-no-adapters = **Adaptateurs chargés** aucun
health-database = **Base de données** { $replies ->
        [one] { $replies } réponse
       *[other] { $replies } réponses
    }, { $votes ->
        [one] { $votes } vote
       *[other] { $votes } votes
    }, { $megabytes } Mo
health-trainings = **Entraînements en cours** { $personas }
health-no-trainings = **Entraînements en cours** aucun
health-uptime-days = **En marche depuis** { $days } j { $hours } h { $minutes } min, à { $milliseconds } ms de Discord
health-uptime = **En marche depuis** { $hours } h { $minutes } min, à { $milliseconds } ms de Discord

## Commands

command-chat =
    .name = parler
    .description = Dis quelque chose à la persona qui parle ici.
    .option-message = Ce que tu veux dire.
command-ask =
    .name = demander
    .description = Demande à une autre persona, juste cette fois.
    .option-persona = Qui doit répondre.
    .option-message = Ce que tu veux dire.
command-scene =
    .name = scène
    .description = Fais parler deux personas entre elles.
    .option-persona_a = Qui commence.
    .option-persona_b = Qui répond.
    .option-topic = De quoi elles parlent.
    .option-turns = Combien de fois elles parlent en tout, de 2 à 12.
command-help =
    .name = aide
    .description = Ce que tu peux faire avec moi, et comment.
command-forget =
    .name = oublier
    .description = Repartir de zéro : j'oublie ce qui s'est dit dans ce salon ou ce fil.
command-privacy =
    .name = confidentialité
    .description = Vois ce que j'enregistre sur toi. Autorise ou refuse l'entraînement, exporte ou supprime.
command-collection =
    .name = collecte
    .description = Décide si les personas peuvent apprendre de ce qui se dit ici ou sur tout le serveur.
    .option-learn = Si elles peuvent apprendre, des membres qui l'acceptent.
    .option-where = Ce salon, ou tout le serveur.
command-stats =
    .name = stats
    .description = Vois ce que les membres pensent d'une persona, au fil du temps et par version.
    .option-persona = La persona. Sans réponse, toutes.
    .option-days = Sur combien de jours (30).
command-train =
    .name = entraîner
    .description = Entraîne une persona sur ce qui a plu. Si la nouvelle version est meilleure, elle parle.
    .option-persona = La persona.
command-versions =
    .name = versions
    .description = Vois les versions d'une persona : laquelle parle, et combien chacune a plu.
    .option-persona = La persona.
command-rollback =
    .name = revenir
    .description = Fais parler de nouveau une version antérieure d'une persona.
    .option-persona = La persona.
    .option-version = Le numéro de la version.
command-health =
    .name = état
    .description = Comment va le bot : moteur, file d'attente, mémoire, versions, base de données.
command-persona =
    .name = persona
    .description = Qui parle dans ce salon.
command-persona-switch =
    .name = choisir
    .description = Choisis qui parle dans ce salon ou ce fil.
    .option-name = La persona qui parle ici désormais.
    .option-auto_reply = Répondre à chaque message ici, même sans mention.
command-persona-reset =
    .name = réinitialiser
    .description = Remets ce fil à la persona de son salon, ou ce salon à la persona par défaut.
command-persona-list =
    .name = liste
    .description = Vois toutes les personas, et qui parle ici.
command-persona-info =
    .name = infos
    .description = Vois comment est une persona, et quelle version d'adaptateur parle pour elle.
    .option-name = La persona. Sans réponse, celle qui parle ici.
command-persona-create =
    .name = créer
    .description = Crée une persona pour ce serveur. Un formulaire s'ouvre.
    .option-name = Son nom court pour les commandes : a-z, 0-9, traits d'union. Sinon tiré de son nom.
command-persona-edit =
    .name = modifier
    .description = Modifie une persona de ce serveur. Un formulaire s'ouvre.
    .option-name = La persona.
command-persona-delete =
    .name = supprimer
    .description = Supprime une persona de ce serveur. Tu reçois sa carte, au cas où tu voudrais la reprendre.
    .option-name = La persona.
command-persona-import =
    .name = importer
    .description = Crée une persona à partir d'une carte de personnage (JSON, YAML, PNG ou .charx).
    .option-card = Le fichier de la carte.
    .option-name = Son nom court pour les commandes. Sinon tiré de la carte.
command-persona-export =
    .name = exporter
    .description = Obtiens une persona comme carte, pour d'autres programmes ou un autre serveur.
    .option-name = La persona.
command-persona-identity =
    .name = identité
    .description = Laisse les personas parler ici sous leur propre nom et image, ou sous les miens.
    .option-on = Sous leur propre nom et image.
menu-suggest = Proposer une meilleure réponse
menu-delete = Supprimer cette réponse
option-message = message
option-persona = persona
option-persona_a = persona_a
option-persona_b = persona_b
option-topic = sujet
option-turns = tours
option-learn = apprendre
option-where = où
option-days = jours
option-version = version
option-name = nom
option-auto_reply = répondre_à_tout
option-card = carte
option-on = activé
choice-channel = salon
choice-server = serveur

## Character cards

card-too-large = Ce fichier est trop gros. Une carte peut faire au plus { $megabytes } Mo.
card-text-too-long = Le texte de cette carte est trop long. J'en lis au plus { $megabytes } Mo.
card-without-name = Il n'y a pas de nom dans cette carte : je ne sais donc pas qui c'est.
card-not-in-picture = Il n'y a pas de carte de personnage dans cette image. Il me faut un fichier PNG enregistré par Tavern ou un programme semblable.
card-unreadable = Ce n'est pas une carte de personnage. Je lis les cartes des fichiers JSON et YAML, des images PNG et des fichiers .charx.
card-other-picture = C'est une image { $kind }. Je lis les cartes des images PNG : exporte-la en PNG ou en JSON.
card-not-in-archive = Il n'y a pas de carte de personnage dans cette archive. Il me faut un fichier .charx qui contient card.json.
card-description = Parle comme { $character }.
card-name-shortened = J'ai raccourci son nom : { $kept } caractères sur { $of } sont gardés.
card-prompt-shortened = J'ai raccourci la description du personnage : { $kept } caractères sur { $of } sont gardés.
card-greeting-shortened = J'ai raccourci une salutation : { $kept } caractères sur { $of } sont gardés.
card-greetings-left-out = Je n'ai gardé que { $kept } de ses { $of } salutations.
card-notes-shortened = J'ai raccourci ses notes pour en faire une description : { $kept } caractères sur { $of } sont gardés.
card-examples-left-out =
    { $kept ->
        [0] Aucun de ses { $of } échanges d'exemple ne tient dans le prompt.
       *[other] Je n'ai gardé que { $kept } de ses { $of } échanges d'exemple dans le prompt.
    }
card-lore-left-out =
    { $count ->
        [one] J'ai laissé de côté { $count } entrée de son lorebook : clés qui ne sont pas de simples mots, texte trop long, ou trop d'entrées.
       *[other] J'ai laissé de côté { $count } entrées de son lorebook : clés qui ne sont pas de simples mots, texte trop long, ou trop d'entrées.
    }
card-group-greetings-left-out =
    { $count ->
        [one] J'ai laissé de côté { $count } salutation pour les groupes.
       *[other] J'ai laissé de côté { $count } salutations pour les groupes.
    }
card-macros-left-out =
    { $count ->
        [one] J'ai laissé de côté { $count } macro que je ne connais pas : { $names }.
       *[other] J'ai laissé de côté { $count } macros que je ne connais pas : { $names }.
    }
card-picture-left-out = Je ne peux pas utiliser l'image elle-même. Pour une image, indique son adresse web dans les « assets » de la carte.
