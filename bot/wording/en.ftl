# What members of a Discord server read. English is the source; the other catalogues translate it id by id.
#
# “I” is the bot. A “persona” is a character that speaks, a “version” is one state of its training, an “operator” is a
# person who runs the bot. Markdown (** `` -#) and the emoji are Discord's and stay as they are.

## When something can't be done

empty-prompt = Write a few words for me to answer: your message was empty.
prompt-too-long = Please shorten your message: it is { $tokens } tokens long, and I can read { $limit }.
queue-full =
    Please try again in a moment. I'm busy: { $waiting ->
        [one] one message is waiting
       *[other] { $waiting } messages are waiting
    } already.
deadline-while-writing =
    Please try again later. I stopped this answer because it took me more than { $seconds ->
        [one] one second
       *[other] { $seconds } seconds
    } to write.
deadline-while-waiting =
    Please try again later. I'm too busy: your message waited { $seconds ->
        [one] one second
       *[other] { $seconds } seconds
    } and its turn never came.
engine-stopped = I'm shutting down. Please try again in a minute.
generation-failed = Something went wrong while I was answering. Please try again.
unknown-persona = There is no persona called “{ $name }”. Choose one of these: { $known }.
unknown-persona-none = There is no persona called “{ $name }”, and no other one either.
persona-unavailable = { $name } can't speak right now because its adapter could not be loaded. The people who run me can see why in the log.
already-training = { $persona } is already being trained.

## Personas that a server makes

persona-name-taken = There is already a persona called “{ $name }”. Please choose another name.
persona-too-many =
    This server already has { $most ->
        [one] one persona of its own
       *[other] { $most } personas of its own
    }. Delete one first.
persona-shipped = { $name } came with the bot, so it can't be changed from Discord.
persona-bad-name =
    “{ $name }” doesn't work as a short name. Use 2 to 32 characters from a–z, 0–9 and hyphens, and begin with a letter or a digit.
persona-too-long =
    Please shorten “{ persona-field }”. It may have at most { $limit ->
        [one] one character
       *[other] { $limit } characters
    }.
persona-beyond-context =
    The system prompt is too long for the model: it has { $tokens } tokens, and { $limit } would leave room for questions and answers. Please
    shorten it.
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
card-name-shortened = Its name is too long: I kept { $kept } of { $of } characters.
card-prompt-shortened = What it says about its character is too long: I kept { $kept } of { $of } characters.
card-greeting-shortened = A greeting is too long: I kept { $kept } of { $of } characters.
card-greetings-left-out = It has too many greetings: I kept { $kept } of { $of }.
card-notes-shortened = Its notes are too long for a description: I kept { $kept } of { $of } characters.
card-examples-left-out = Of its { $of ->
        [one] one example exchange
       *[other] { $of } example exchanges
    } I kept { $kept ->
        [0] none
       *[other] { $kept }
    } in the prompt.
card-lore-left-out = { $count ->
        [one] One entry of its lorebook is
       *[other] { $count } entries of its lorebook are
    } left out: without plain words for keys, too long, or too many.
card-group-greetings-left-out = { $count ->
        [one] One greeting
       *[other] { $count } greetings
    } for groups left out.
card-macros-left-out = { $count ->
        [one] One macro that I don't know is
       *[other] { $count } macros that I don't know are
    } left out: { $names }.
card-picture-left-out = I can't use the picture itself. A web address for one can be set with a card's assets.
