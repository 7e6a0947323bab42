# What members of a Discord server read. English is the source; the other catalogues translate it id by id.
#
# “I” is the bot. A “persona” is a character that speaks, a “version” is one state of its training, an “operator” is a
# person who runs the bot. Markdown (** `` -#) and the emoji are Discord's and stay as they are.

## When something can't be done

empty-prompt = Write a few words for me to answer: your message was empty.
prompt-too-long = Please shorten your message: it is { $tokens } tokens long, and I can read { $limit }.
queue-share-full =
    { $place ->
        [server] Please try again in a moment. This server already has { $waiting } messages waiting, as many as it may.
       *[other] Please try again in a moment. This channel already has { $waiting } messages waiting, as many as it may.
    }
queue-full =
    Please try again in a moment. I'm busy: { $waiting ->
        [one] { $waiting } message is waiting
       *[other] { $waiting } messages are waiting
    } already.
deadline-while-writing =
    Please try again later. I stopped this answer because it took me more than { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    } to write.
deadline-while-waiting =
    Please try again later. I'm too busy: your message waited { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    } and its turn never came.
engine-stopped = I'm shutting down. Please try again in a minute.
generation-failed = Something went wrong while I was answering. Please try again.
unknown-persona = There is no persona called “{ $name }”. Choose one of these: { $known }.
unknown-persona-none = There is no persona called “{ $name }”, and no other one either.
persona-unavailable = { $name } can't speak right now because its adapter could not be loaded. The people who run me can see why in the log.
already-training = { $persona } is already being trained.
reply-still-growing = Please wait a moment: that reply is still being written.
cannot-go-on = I can't go on with that reply any more. Please ask again.
failure-operator = I can't do that right now. The people who run me can see why in the log.
failure-permissions = You need more permissions for that: { $permissions }.
failure-not-here = You can't do that here.
failure-old-command = Discord still shows an old version of that command. Reload Discord (Ctrl+R) and try again.
failure-discord = Discord didn't let me do that. I may be missing a permission here.
failure-bug = Something broke on my side (error { $number }). The people who run me can find the details in the log.
unknown-press = That button no longer works.
form-from-before = I was restarted after that form was opened, so nothing of it is saved. Please open it again. What you typed is in the file.
form-again-from-before = I was restarted since then. Please use the command again. What you typed is in the file above.
server-only = That works only on a server.
server-channel-only = That works only in a server's channels.

## Who may use the bot

access-member = You're not allowed to use me.
access-direct-messages = I don't answer direct messages.
access-server = I can't be used on this server.
access-channel = I can't be used in this channel.
operators-only = Only the people who run this bot can do that.
only-asker =
    Only the member who asked, or someone with the permission { permission-manage-messages }, can { $action ->
        [stop] stop this answer
        [again] ask for another answer
        [keep] choose between the answers
       *[delete] delete this reply
    }.
only-asker-continues =
    Only the member who asked, or someone with the permission { permission-manage-messages }, can let this reply go on.
too-fast =
    Please try again in { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    }. { $who ->
        [server] This server is writing
       *[member] You're writing
    } faster than I can answer.
# Discord's own names of the permissions, as its settings show them.
permission-manage-channels = Manage Channels
permission-manage-messages = Manage Messages
permission-manage-server = Manage Server
permission-manage-webhooks = Manage Webhooks

## Messages that can't be read or answered

unreadable-message =
    Please mention me: write @{ $name } in your message, or leave the mention on (@ ON) when you reply. Discord shows me only messages that mention me.
no-text = Please write your question next to the attachment or sticker. I can only read text.
thread-not-here = I can open a thread only in a server's text channel.
thread-needs-permissions = I need the permissions to create public threads and to send messages in threads here.
not-read = I can't read { $names }: I only read text.
quote-not-read = I can't read the message that you replied to.
read-in-part = That was more than I can read at once. I read its beginning.
cannot-write =
    I can't write in { $channel }. Please ask someone who manages it to let me view it, send messages and read its history.

## While a reply is written

button-stop = Stop
button-again = Again
button-correct = Better
button-continue = Continue
button-keep = Keep this one
queue-position = { $ahead ->
        [one] { $ahead } reply is
       *[other] { $ahead } replies are
    } ahead of yours …
queue-position-seconds = { $ahead ->
        [one] { $ahead } reply is
       *[other] { $ahead } replies are
    } ahead of yours, about { $seconds } s …
queue-position-minutes = { $ahead ->
        [one] { $ahead } reply is
       *[other] { $ahead } replies are
    } ahead of yours, about { $minutes } min …
reply-stopped = (stopped)
reply-interrupted = (interrupted)
reply-in-file = The whole answer is in the file.
reply-not-saved = I couldn't save this reply, so it can't be voted on.
token-removed = [token removed]

## Votes and better answers

help-talk = **Talk:** mention me, reply to one of my messages, or use `/{ command-chat.name }`. `/{ command-persona.name } { command-persona-list.name }` shows who is here, `/{ command-ask.name }` asks somebody else, `/{ command-forget.name }` starts over.
help-reply = **Below a reply:** 👍 and 👎 rate it, 🔁 gives a second answer, ✏️ lets you write a better one, ▶ lets a cut-off reply go on, ⏹ stops it.
help-learning = **Learning:** personas learn from votes and better answers, and from your words only if you allow it: `/{ command-privacy.name }`.
reply-gone = I no longer have that reply, so it can't be rated.
not-my-reply = That is not a reply of mine, or I no longer have it.
reply-deleted = The reply is deleted, and nothing will be learned from it.
answer-gone = I no longer have that reply, so I can't answer it again.
already-answering = Please keep one of the two answers first. There is already a second one.
another-kept = (another answer was kept)
correction-title = A better answer
correction-label = How should it have answered?
correction-empty = Please write an answer: the form was empty.
correction-thanks = Thank you! I've saved your better answer.
correction-thanks-refused =
    Thank you! I've saved your better answer. It won't be used for training, because you refused that. You can change your mind with `/{ command-privacy.name }`.
reason-question = Noted. If you like, tell me what was wrong with it:
reason-placeholder = What was wrong with it?
reason-wrong = It's wrong
reason-character = Out of character
reason-rude = Rude
reason-long = Too long
reason-other = Something else
reason-thanks =
    Thank you! Noted: { $reason ->
        [wrong] it's wrong
        [character] out of character
        [rude] rude
        [long] too long
       *[other] something else
    }.
reason-too-late = You no longer dislike that reply, so it needs no reason.

## Privacy

consent-question =
    Your vote counts. **May personas also learn from what you write to them?** If you say yes, what you wrote before a liked reply and your better answers can become training data, on this bot's own machine. If you say no, your votes still count and your words are never used for training. With `/{ command-privacy.name }` you can see, change, export or delete everything about you at any time.
consent-yes = Yes, they may learn
consent-no = No
consent-learn-more = Learn more
consent-allowed = Thank you! Personas may now learn from what you write to them. You can change that at any time with `/{ command-privacy.name }`.
consent-refused =
    Understood. Your words are never used for training, and your votes still count. You can change that at any time with `/{ command-privacy.name }`.
consent-more-kept = **What I keep:** your messages to me with my replies, your votes and the reasons for them, your better answers, and which of two answers you kept. All of it stays in a file on the machine that runs this bot.
consent-more-learning = **What learning means:** every now and then, a small add-on to the language model is trained for each persona. It learns from replies that members liked, together with what was asked, and from better answers. Yours are among them only if you agree.
consent-more-no = **If you say no**, or nothing at all: your votes count in the figures, and your words are never used for training.
consent-more-change = **If you change your mind:** use `/{ command-privacy.name }`. It also works for what is already stored: the next training leaves it out. There you can read everything in a file, or have it deleted. When you delete a message on Discord, I delete it too.
privacy-undecided = You haven't decided yet whether personas may learn from what you write. Until you do, they may not.
privacy-allowed = Personas **may learn** from what you write to them.
privacy-refused = Personas **may not learn** from what you write to them. Your votes still count.
privacy-off-server = Nothing is learned from anybody on this server: the people who run it switched that off.
privacy-off-channel = Nothing is learned from anybody in this channel: the people who run the server switched that off.
privacy-stored = Stored about you: { $counts }. It stays on the machine that runs this bot.
privacy-nothing-stored = Nothing else is stored about you.
privacy-count =
    { $kind ->
        [replies] { $count ->
            [one] { $count } reply to you, with what you wrote
           *[other] { $count } replies to you, with what you wrote
        }
        [quoted_in] { $count ->
            [one] { $count } reply to others that builds on your words
           *[other] { $count } replies to others that build on your words
        }
        [votes] { $count ->
            [one] { $count } vote
           *[other] { $count } votes
        }
        [corrections] { $count ->
            [one] { $count } better answer
           *[other] { $count } better answers
        }
        [comparisons] { $count ->
            [one] { $count } choice between two answers
           *[other] { $count } choices between two answers
        }
       *[personas_made] { $count ->
            [one] { $count } persona you made
           *[other] { $count } personas you made
        }
    }
privacy-allow = Allow learning
privacy-refuse = Refuse
privacy-export = Export
privacy-exported = Everything I store about you:
privacy-delete = Delete everything
privacy-sure = This permanently deletes your messages to me with my replies, your votes and your better answers. Are you sure?
privacy-delete-yes = Yes, delete everything
privacy-delete-no = Keep it
privacy-deleted = Everything I stored about you is deleted.
privacy-kept = Nothing was deleted.
collection-needs-permission = You need the permission { permission-manage-server } to decide what personas may learn from.
collection-on =
    From members who allow it, personas may learn from what is said { $where ->
        [server] on this server
       *[channel] in this channel
    }.
collection-off =
    Nothing that is said { $where ->
        [server] on this server
       *[channel] in this channel
    } is used for training any more, and nothing that was said before either. That holds until somebody switches it on again. Votes still count in the figures.
collection-still-off =
    It is still off for { $where ->
        [server] the whole server
       *[channel] this channel
    }.

## Personas that a server makes

persona-name-taken = There is already a persona called “{ $name }”. Please choose another name.
persona-too-many =
    This server already has { $most ->
        [one] { $most } persona of its own
       *[other] { $most } personas of its own
    }. Delete one first.
persona-shipped = { $name } came with the bot, so it can't be changed from Discord.
persona-bad-name =
    “{ $name }” doesn't work as a short name. Use 2 to 32 characters from a–z, 0–9 and hyphens, and begin with a letter or a digit.
persona-too-long =
    Please shorten “{ persona-field }”. It may have at most { $limit ->
        [one] { $limit } character
       *[other] { $limit } characters
    }.
persona-beyond-context =
    Please shorten the system prompt: it is { $tokens } tokens long, and with more than { $limit } the model has no room left for questions and answers.
persona-too-short = Please fill in “{ persona-field }”.
persona-bad-picture = The picture needs a web address that begins with https:// and has no spaces in it.
persona-bad-field = Something is wrong with “{ persona-field }”. Please change it and try again.
persona-field =
    { $field ->
        [display_name] Name
        [description] Description
        [system_prompt] System prompt
        [greeting] Greeting
        [avatar] Emoji
       *[other] { $field }
    }

## Character cards

card-too-large = That file is too large. A card may have at most { $megabytes } MB.
card-text-too-long = The text in that card is too long. I read at most { $megabytes } MB of it.
card-without-name = That card has no name in it, so I don't know who it is.
card-not-in-picture = There is no character card in that picture. I need a PNG file that Tavern or a program like it has saved.
card-unreadable = That is not a character card. I can read cards in JSON and YAML files, in PNG pictures and in .charx files.
card-other-picture = That is a { $kind } picture. I can read cards in PNG pictures: export it as PNG or as JSON.
card-not-in-archive = There is no character card in that archive. I need a .charx file with a card.json in it.
card-description = Speaks as { $character }.
card-name-shortened = I shortened its name: { $kept } of { $of } characters are kept.
card-prompt-shortened = I shortened the description of its character: { $kept } of { $of } characters are kept.
card-greeting-shortened = I shortened a greeting: { $kept } of { $of } characters are kept.
card-greetings-left-out = I kept only { $kept } of its { $of } greetings.
card-notes-shortened = I shortened its notes to make a description of them: { $kept } of { $of } characters are kept.
card-examples-left-out =
    { $kept ->
        [0] None of its { $of } example exchanges fit into the prompt.
       *[other] I kept only { $kept } of its { $of } example exchanges in the prompt.
    }
card-lore-left-out =
    { $count ->
        [one] I left out { $count } entry of its lorebook, because its keys are not plain words, it is too long, or there are too many.
       *[other] I left out { $count } entries of its lorebook, because their keys are not plain words, they are too long, or there are too many.
    }
card-group-greetings-left-out =
    { $count ->
        [one] I left out { $count } greeting for groups.
       *[other] I left out { $count } greetings for groups.
    }
card-macros-left-out =
    { $count ->
        [one] I left out { $count } macro that I don't know: { $names }.
       *[other] I left out { $count } macros that I don't know: { $names }.
    }
card-picture-left-out = I can't use the picture itself. To set a picture, give its web address in the card's assets.

## Personas in a channel

persona-switched = { $persona } speaks here now.
persona-answers-all = It answers every message here.
persona-reset = { $persona } speaks here again.
persona-needs-intent =
    To answer every message, I must be able to read them all, and Discord allows that only with the message-content intent. The people who run this bot can switch it on in Discord's developer portal (Bot → Privileged Gateway Intents) and with `discord.message_content = true` in config.toml. Until then, members mention me.
persona-needs-manage-channels = You need the permission { permission-manage-channels } to choose who speaks here.
persona-needs-manage-server = You need the permission { permission-manage-server } to make or change this server's own personas.
persona-needs-manage-webhooks = You need the permission { permission-manage-webhooks } to choose the name that personas speak under.
persona-i-need-manage-webhooks = I need the permission { permission-manage-webhooks } in this channel for that.
persona-needs-server = A server's own personas belong to that server. Please use this command there.
persona-listed-own = (this server's own)
persona-listed-current = ← speaks here
persona-voice-version = Speaks with version { $number } of its adapter.
persona-voice-prompt = Speaks from its prompt alone.
persona-form-create = A new persona
persona-form-edit = Change { $name }
persona-form-display-name = Name
persona-form-description = What members read about it (one line)
persona-form-system-prompt = System prompt: who it is, how it speaks
persona-form-greeting = Greeting
persona-form-avatar = Emoji
persona-form-again = Open the form again
persona-ready =
    { $persona } (`{ $name }`) is ready. Use `/{ command-persona.name } { command-persona-switch.name } { option-name }:{ $name }` to let it speak here.
persona-changed = { $persona } is changed, starting with its next reply.
persona-deleted = { $persona } is deleted. Where it spoke, the default persona speaks again.
persona-card = The card of { $persona }:
persona-identity-on = Personas now speak in { $channel } under their own name and picture.
persona-identity-off = Personas now speak in { $channel } under my name.
webhook-reason = So that personas can speak under their own names.
forget-needs-permission = Forgetting what was said in a shared channel needs the permission Manage Messages.
forgotten = I've forgotten what was said here. Let's start over.
scene-needs-two = Please choose two different personas for a scene.
scene-already = There is already a scene in this channel. Wait until it is over, or stop it with ⏹.
scene-title = 🎬 { $first } and { $second }

## Statistics

stats-title = { $name }, last { $days ->
        [one] day
       *[other] { $days } days
    }
stats-title-all = All personas, last { $days ->
        [one] day
       *[other] { $days } days
    }
stats-on-server = **{ $title }**, on this server
stats-everywhere = **{ $title }**, everywhere
stats-picture = Approval: { $title }
stats-no-replies = No replies yet.
stats-votes = Replies: { $replies }. 👍 { $up }, 👎 { $down }{ $share }. Better answers: { $corrections }. Choices between two answers: { $comparisons }.
stats-share = { $percent }%
stats-by-version = By version: { $versions }.
stats-version = { $name }: { $replies ->
        [one] { $replies } reply
       *[other] { $replies } replies
    }, 👍 { $up } 👎 { $down }{ $share }
stats-prompt-only = prompt only
stats-reasons = Why 👎: { $reasons }.
stats-reason = { $reason ->
        [wrong] it's wrong
        [character] out of character
        [rude] rude
        [long] too long
       *[other] something else
    } { $count }
stats-first-word = First word after { $usual } s (median), within { $most } s for 95% of replies.
stats-whole-reply = Whole reply after { $usual } s (median), within { $most } s for 95% of replies.
chart-by-day = Approval by day
chart-likes-share = likes, % of votes
chart-by-version = Votes by adapter version
chart-prompt = prompt
chart-likes = likes
chart-dislikes = dislikes
chart-no-votes = no votes yet

## For the people who run the bot

train-waiting = { $persona }: waiting until the training of { $other } has ended.
train-begun = { $persona }: training … { $bar }
train-running = { $persona }: training … { $bar } step { $step } of { $steps }
train-running-loss = { $persona }: training … { $bar } step { $step } of { $steps }, loss { $loss }
train-judging = { $persona }: judging the new version … { $bar }
train-failed = { $persona }: the training failed. { $why }
train-canary = { $persona }: version { $number } was accepted. For now it speaks in { $percent }% of the channels.
train-accepted = { $persona }: version { $number } is better and speaks, starting with the next reply.
train-refused = { $persona }: version { $number } was refused and will not speak.
train-server-made = { $name } was made on this server and speaks from its card. To train it, the people who run me give it a folder first: `python -m training adopt { $name }`.
versions-none = It has no adapter yet and speaks from its prompt alone.
versions-unloaded = The active version could not be loaded. The people who run me can see why in the log.
versions-canary = 🐤 { $canary }. Votes decide which one stays.
versions-last-change = Last change, { $date }: { $what }, { $why }.
versions-to-replace = ⚠️ { $versions } learned from words that are deleted by now, and will be replaced.
versions-incomplete = `v{ $number }` is incomplete
versions-made = made { $date }
versions-rows = from { $rows }
versions-speaks = ← speaks
versions-other-base = for another base model
versions-refused = refused by the gate
versions-from-card = Its adapter is for another base model. Until it is trained for this one, it speaks from its card.
rollback-no-version = { $name } has no version { $number }.
rollback-done = { $persona }: version { $number } speaks again, starting with the next reply.
rollback-choice = version { $number }
health-engine = **Engine** { $model }, { $device }, { $precision }
health-queue = **Queue** { $running } of { $most } rows running, { $waiting } waiting
health-memory = **Memory** { $megabytes } MB at most since the start
health-versions = **Versions** { $versions }
health-no-versions = **Versions** none: all speak from their prompts
health-adapters = **Adapters loaded** { $adapters }
health-no-adapters = **Adapters loaded** none
health-database = **Database** { $replies ->
        [one] { $replies } reply
       *[other] { $replies } replies
    }, { $votes ->
        [one] { $votes } vote
       *[other] { $votes } votes
    }, { $megabytes } MB
health-trainings = **Trainings running** { $personas }
health-no-trainings = **Trainings running** none
health-uptime-days = **Up for** { $days } d { $hours } h { $minutes } min, { $milliseconds } ms from Discord
health-uptime = **Up for** { $hours } h { $minutes } min, { $milliseconds } ms from Discord

## Commands
#
# `.name` is what members type after the slash: 1 to 32 lowercase letters, digits, - and _, no spaces. Descriptions
# have at most 100 characters. `.option-…` describes an option; its own name is the message `option-…`.

command-chat =
    .name = chat
    .description = Say something to the persona that speaks here.
    .option-message = What you want to say.
    .option-thread = Talk in a thread of its own, where I answer everything.
command-ask =
    .name = ask
    .description = Ask a different persona, just this once.
    .option-persona = Who should answer.
    .option-message = What you want to say.
command-scene =
    .name = scene
    .description = Let two personas talk to each other.
    .option-persona_a = Who begins.
    .option-persona_b = Who answers.
    .option-topic = What they talk about.
    .option-turns = How many turns they take together, 2 to 12.
command-help =
    .name = help
    .description = What you can do with me, and how.
command-forget =
    .name = forget
    .description = Start over: I forget what was said in this channel or thread.
command-privacy =
    .name = privacy
    .description = See what I store about you. Allow or refuse training, export it, or delete it.
command-collection =
    .name = collection
    .description = Choose whether personas may learn from what is said here or on the whole server.
    .option-learn = Whether they may learn, from members who allow it.
    .option-where = This channel, or the whole server.
command-stats =
    .name = stats
    .description = See what members think of a persona: approval over time and by version.
    .option-persona = The persona. Leave it out for all of them.
    .option-days = How many days back (30).
command-train =
    .name = train
    .description = Train a persona on what members liked. If the new version is better, it starts to speak.
    .option-persona = The persona.
command-versions =
    .name = versions
    .description = See a persona's versions: which one speaks, and how members liked each.
    .option-persona = The persona.
command-rollback =
    .name = rollback
    .description = Let an earlier version of a persona speak again.
    .option-persona = The persona.
    .option-version = The version's number.
command-health =
    .name = health
    .description = How the bot is doing: engine, queue, memory, versions, database.
command-persona =
    .name = persona
    .description = Who speaks in this channel.
command-persona-switch =
    .name = switch
    .description = Choose who speaks in this channel or thread.
    .option-name = The persona that speaks here from now on.
    .option-auto_reply = Answer every message here, even those that don't mention me.
command-persona-reset =
    .name = reset
    .description = Let this thread follow its channel again, or this channel the default persona.
command-persona-list =
    .name = list
    .description = See all personas, and who speaks here.
command-persona-info =
    .name = info
    .description = See what a persona is like, and which adapter version speaks for it.
    .option-name = The persona. Leave it out for the one that speaks here.
command-persona-create =
    .name = create
    .description = Make a persona for this server. A form opens.
    .option-name = Its short name for commands: a-z, 0-9, hyphens. Leave it out to derive it from the full name.
command-persona-edit =
    .name = edit
    .description = Change one of this server's own personas. A form opens.
    .option-name = The persona.
command-persona-delete =
    .name = delete
    .description = Delete one of this server's own personas. You get its card, in case you want it back.
    .option-name = The persona.
command-persona-import =
    .name = import
    .description = Make a persona from a character card (JSON, YAML, PNG or .charx).
    .option-card = The card's file.
    .option-name = Its short name for commands. Leave it out to derive it from the card's.
command-persona-export =
    .name = export
    .description = Get a persona as a character card, for other programs or another server.
    .option-name = The persona.
command-persona-identity =
    .name = identity
    .description = Let personas speak here under their own name and picture, or under mine.
    .option-on = Under their own name and picture.
menu-suggest = Suggest a better answer
menu-delete = Delete this reply
option-message = message
option-thread = thread
option-persona = persona
option-persona_a = persona_a
option-persona_b = persona_b
option-topic = topic
option-turns = turns
option-learn = learn
option-where = where
option-days = days
option-version = version
option-name = name
option-auto_reply = auto_reply
option-card = card
option-on = on
choice-channel = channel
choice-server = server
