# 日本語。ここにない文は英語で表示されます。メンバーには「です・ます」で話します。

## When something can't be done

empty-prompt = メッセージが空でした。ひとこと書いてもらえれば、お答えします。
prompt-too-long = メッセージを短くしてください。{ $tokens } トークンありますが、読めるのは { $limit } トークンまでです。
queue-share-full =
    { $place ->
        [server] 少し待ってから、もう一度お試しください。このサーバーからはすでに { $waiting } 件が順番を待っていて、これが上限です。
       *[other] 少し待ってから、もう一度お試しください。このチャンネルからはすでに { $waiting } 件が順番を待っていて、これが上限です。
    }
queue-full = 少し待ってから、もう一度お試しください。いま混み合っていて、{ $waiting } 件のメッセージが順番を待っています。
deadline-while-writing = 後でもう一度お試しください。{ $seconds } 秒を超えても書き終わらなかったので、この返信を打ち切りました。
deadline-while-waiting = 後でもう一度お試しください。混み合っていて、{ $seconds } 秒待っても順番が回ってきませんでした。
engine-stopped = いま終了しているところです。1 分ほどしてから、もう一度お試しください。
generation-failed = 返信の途中で問題が起きました。もう一度お試しください。
unknown-persona = 「{ $name }」というペルソナはいません。次の中から選んでください: { $known }
unknown-persona-none = 「{ $name }」というペルソナはいません。ほかのペルソナもまだいません。
persona-unavailable = アダプターを読み込めなかったため、{ $name } はいま話せません。理由はボットの運営者がログで確認できます。
already-training = { $persona } はすでに学習中です。
failure-operator = いまはできません。理由はボットの運営者がログで確認できます。
failure-permissions = この操作には次の権限が必要です: { $permissions }
failure-not-here = ここではその操作はできません。
failure-old-command = Discord に古いコマンドが表示されています。Discord を再読み込み（Ctrl+R）して、もう一度お試しください。
failure-discord = Discord に拒否されました。ここでの権限が足りないのかもしれません。
failure-bug = こちらで問題が起きました（エラー { $number }）。詳細はボットの運営者がログで確認できます。
unknown-press = このボタンはもう使えません。
form-from-before = このフォームが開かれたあとに再起動したため、何も保存されていません。もう一度開いてください。書いた内容はファイルにあります。
form-again-from-before = そのあと再起動しました。もう一度コマンドを使ってください。書いた内容は上のファイルにあります。
server-only = これはサーバーでのみ使えます。
server-channel-only = これはサーバーのチャンネルでのみ使えます。

## Who may use the bot

access-member = あなたはこのボットを利用できません。
access-direct-messages = ダイレクトメッセージには返信しません。
access-server = このサーバーでは利用できません。
access-channel = このチャンネルでは利用できません。
operators-only = これができるのは、このボットの運営者だけです。
only-asker =
    { $action ->
        [stop] この返信を止められる
        [again] 別の返信を頼める
        [keep] 返信を選べる
       *[delete] この返信を削除できる
    }のは、質問した人か「{ permission-manage-messages }」の権限がある人だけです。
too-fast =
    { $seconds } 秒後にもう一度お試しください。{ $who ->
        [server] このサーバーのメッセージが多すぎて
       *[member] メッセージが多すぎて
    }、返信が追いつきません。
permission-manage-channels = チャンネルの管理
permission-manage-messages = メッセージの管理
permission-manage-server = サーバー管理
permission-manage-webhooks = ウェブフックの管理

## Messages that can't be read or answered

unreadable-message = メンションしてください。メッセージに @{ $name } と書くか、返信するときにメンション（@ オン）をオンのままにしてください。Discord では、メンションされたメッセージしか読めません。
no-text = 添付ファイルやスタンプと一緒に、質問を文字で書いてください。読めるのは文字だけです。
cannot-write = { $channel } に書き込めません。チャンネルの管理者に、チャンネルの閲覧、メッセージの送信、履歴の閲覧の許可を頼んでください。

## While a reply is written

button-stop = 止める
button-again = もう一度
button-correct = 直す
button-keep = こちらにする
queue-position = あと { $ahead } 件で順番です …
queue-position-seconds = あと { $ahead } 件で順番です（約 { $seconds } 秒）…
queue-position-minutes = あと { $ahead } 件で順番です（約 { $minutes } 分）…
reply-stopped = （停止しました）
reply-interrupted = （中断されました）
reply-in-file = 全文はファイルにあります。
reply-not-saved = この返信を保存できなかったので、投票はできません。
token-removed = [トークンを削除しました]

## Votes and better answers

help-talk = **話す:** メンションするか、返信するか、`/{ command-chat.name }` を使ってください。`/{ command-persona.name } { command-persona-list.name }` で誰がいるか見られます。`/{ command-ask.name }` で別の人に聞けます。`/{ command-forget.name }` で最初から始まります。
help-reply = **返事の下:** 👍 と 👎 で評価、🔁 で別の返事、✏️ でよりよい返事を書く、▶ で途中で切れた返事の続き、⏹ で停止です。
help-learning = **学習:** ペルソナは投票とよりよい返事から学びます。あなたの言葉からは、許可したときだけ学びます: `/{ command-privacy.name }`
reply-gone = その返信はもう残っていないので、評価できません。
not-my-reply = これは私の返信ではないか、もう残っていません。
reply-deleted = 返信を削除しました。この返信から学習することはありません。
answer-gone = その返信はもう残っていないので、答え直せません。
already-answering = 先に 2 つの返信のどちらかを選んでください。2 つ目の返信がもうあります。
another-kept = （別の返信が選ばれました）
correction-title = より良い返信
correction-label = どう答えるべきでしたか？
correction-empty = フォームが空でした。返信を書いてください。
correction-thanks = ありがとうございます！より良い返信を保存しました。
correction-thanks-refused = ありがとうございます！より良い返信を保存しました。学習への利用を断っているため、学習には使われません。`/{ command-privacy.name }` で変更できます。
reason-question = 記録しました。よければ、何が良くなかったか教えてください:
reason-placeholder = 何が良くなかったですか？
reason-wrong = 内容が間違っている
reason-character = キャラクターらしくない
reason-rude = 失礼
reason-long = 長すぎる
reason-other = その他
reason-thanks =
    ありがとうございます！記録しました: { $reason ->
        [wrong] 内容が間違っている
        [character] キャラクターらしくない
        [rude] 失礼
        [long] 長すぎる
       *[other] その他
    }
reason-too-late = 👎 はもう取り消されているので、理由は必要ありません。

## Privacy

consent-question = あなたの投票は数えられます。**あなたがペルソナに書いた内容から、ペルソナが学習してもよいですか？** 「はい」の場合、好評だった返信の前にあなたが書いた内容と、あなたが書いた「より良い返信」が、このボットのマシン上で学習データになることがあります。「いいえ」の場合も投票は数えられ、あなたの言葉が学習に使われることはありません。`/{ command-privacy.name }` で、あなたについての情報をいつでも確認、変更、書き出し、削除できます。
consent-yes = はい、学習してよい
consent-no = いいえ
consent-learn-more = 詳しく
consent-allowed = ありがとうございます！これからペルソナは、あなたが書いた内容から学習できます。`/{ command-privacy.name }` でいつでも変更できます。
consent-refused = わかりました。あなたの言葉が学習に使われることはありません。投票は数えられます。`/{ command-privacy.name }` でいつでも変更できます。
consent-more-kept = **保存するもの:** あなたのメッセージと私の返信、投票とその理由、より良い返信、2 つの返信のうちどちらを選んだか。すべて、このボットが動いているマシンのファイルに残ります。
consent-more-learning = **学習とは:** ときどき、ペルソナごとに言語モデルの小さな追加部分を学習させます。メンバーに好評だった返信とその質問、それに「より良い返信」から学習します。あなたのものが含まれるのは、同意した場合だけです。
consent-more-no = **「いいえ」の場合**や、何も選ばない場合: 投票は集計に数えられ、あなたの言葉が学習に使われることはありません。
consent-more-change = **気が変わったら:** `/{ command-privacy.name }` を使ってください。すでに保存されたものにも有効で、次の学習からは除かれます。すべてをファイルで読むことも、削除することもできます。Discord でメッセージを削除すると、こちらでも削除されます。
privacy-undecided = 書いた内容からペルソナが学習してよいかどうか、まだ選んでいません。選ぶまでは学習しません。
privacy-allowed = ペルソナは、あなたが書いた内容から**学習できます**。
privacy-refused = ペルソナは、あなたが書いた内容から**学習できません**。投票は数えられます。
privacy-off-server = このサーバーでは、誰の言葉からも学習しません。サーバーの管理者がオフにしています。
privacy-off-channel = このチャンネルでは、誰の言葉からも学習しません。サーバーの管理者がオフにしています。
privacy-stored = あなたについて保存されているもの: { $counts }。すべて、このボットが動いているマシンに残ります。
privacy-nothing-stored = ほかに、あなたについて保存されているものはありません。
privacy-count =
    { $kind ->
        [replies] あなたへの返信と質問 { $count } 件
        [quoted_in] あなたの言葉を踏まえた、ほかの人への返信 { $count } 件
        [votes] 投票 { $count } 件
        [corrections] より良い返信 { $count } 件
        [comparisons] 2 つの返信からの選択 { $count } 件
       *[personas_made] あなたが作ったペルソナ { $count } 件
    }
privacy-allow = 学習を許可
privacy-refuse = 断る
privacy-export = 書き出す
privacy-exported = あなたについて保存されているすべてです:
privacy-delete = すべて削除
privacy-sure = あなたのメッセージと私の返信、投票、より良い返信を完全に削除します。よろしいですか？
privacy-delete-yes = はい、すべて削除
privacy-delete-no = 残す
privacy-deleted = あなたについて保存されていたものをすべて削除しました。
privacy-kept = 何も削除していません。
collection-needs-permission = ペルソナの学習の範囲を決めるには「{ permission-manage-server }」の権限が必要です。
collection-on =
    許可したメンバーについては、{ $where ->
        [server] このサーバー
       *[channel] このチャンネル
    }での発言からペルソナが学習できます。
collection-off =
    もう一度オンにするまで、{ $where ->
        [server] このサーバー
       *[channel] このチャンネル
    }での発言は、以前のものも含めて学習に使われません。投票は引き続き集計に数えられます。
collection-still-off =
    { $where ->
        [server] サーバー全体
       *[channel] このチャンネル
    }では、まだオフのままです。

## Personas that a server makes

persona-name-taken = 「{ $name }」というペルソナはすでにいます。別の名前を選んでください。
persona-too-many = このサーバーには、独自のペルソナがすでに { $most } 人います。先に 1 人削除してください。
persona-shipped = { $name } はボットに付属しているので、Discord からは変更できません。
persona-bad-name = 「{ $name }」は短い名前に使えません。a–z、0–9、ハイフンから 2〜32 文字で、文字か数字で始めてください。
persona-too-long = 「{ persona-field }」を短くしてください。{ $limit } 文字までです。
persona-beyond-context = システムプロンプトを短くしてください。{ $tokens } トークンあります。{ $limit } トークンを超えると、質問と返信のための余裕がなくなります。
persona-too-short = 「{ persona-field }」を入力してください。
persona-bad-picture = 画像には、https:// で始まり空白を含まないウェブアドレスが必要です。
persona-bad-field = 「{ persona-field }」に問題があります。直してから、もう一度お試しください。
persona-field =
    { $field ->
        [display_name] 名前
        [description] 説明
        [system_prompt] システムプロンプト
        [greeting] あいさつ
        [avatar] 絵文字
       *[other] { $field }
    }

## Personas in a channel

persona-switched = ここからは { $persona } が話します。
persona-answers-all = ここのすべてのメッセージに返信します。
persona-reset = ここではまた { $persona } が話します。
persona-needs-intent = すべてのメッセージに返信するには、すべてを読める必要があり、Discord では Message Content Intent が必要です。ボットの運営者が、Discord の開発者ポータル（Bot → Privileged Gateway Intents）と config.toml の `discord.message_content = true` で有効にできます。それまでは、メンションして話しかけてください。
persona-needs-manage-channels = ここで誰が話すかを選ぶには「{ permission-manage-channels }」の権限が必要です。
persona-needs-manage-server = このサーバーのペルソナを作成・変更するには「{ permission-manage-server }」の権限が必要です。
persona-needs-manage-webhooks = ペルソナがどの名前で話すかを選ぶには「{ permission-manage-webhooks }」の権限が必要です。
persona-i-need-manage-webhooks = それには、このチャンネルで私に「{ permission-manage-webhooks }」の権限が必要です。
persona-needs-server = 独自のペルソナはサーバーのものです。このコマンドはサーバーで使ってください。
persona-listed-own = （このサーバー独自）
persona-listed-current = ← ここで話しています
persona-voice-version = アダプターのバージョン { $number } で話します。
persona-voice-prompt = プロンプトだけで話します。
persona-form-create = 新しいペルソナ
persona-form-edit = { $name } を編集
persona-form-display-name = 名前
persona-form-description = メンバーに見せる説明（1 行）
persona-form-system-prompt = システムプロンプト: どんな人で、どう話すか
persona-form-greeting = あいさつ
persona-form-avatar = 絵文字
persona-form-again = フォームをもう一度開く
persona-ready = { $persona }（`{ $name }`）の準備ができました。`/{ command-persona.name } { command-persona-switch.name } { option-name }:{ $name }` で、ここで話せます。
persona-changed = { $persona } を変更しました。次の返信から反映されます。
persona-deleted = { $persona } を削除しました。話していた場所では、また既定のペルソナが話します。
persona-card = { $persona } のカードです:
persona-identity-on = { $channel } では、ペルソナが自分の名前と画像で話します。
persona-identity-off = { $channel } では、ペルソナが私の名前で話します。
webhook-reason = ペルソナが自分の名前で話せるようにするため
forget-needs-permission = 共有チャンネルの会話を忘れさせるには「メッセージの管理」権限が必要です。
forgotten = ここでの会話を忘れました。また最初から話しましょう。
scene-needs-two = シーンには、別々のペルソナを 2 人選んでください。
scene-already = このチャンネルではすでにシーンが進行中です。終わるまで待つか、⏹ で止めてください。
scene-title = 🎬 { $first } と { $second }

## Statistics

stats-title = { $name }、過去 { $days } 日間
stats-title-all = すべてのペルソナ、過去 { $days } 日間
stats-on-server = **{ $title }**（このサーバー）
stats-everywhere = **{ $title }**（全体）
stats-picture = 支持率: { $title }
stats-no-replies = まだ返信はありません。
stats-votes = 返信: { $replies }。👍 { $up }、👎 { $down }{ $share }。より良い返信: { $corrections }。2 つの返信からの選択: { $comparisons }。
stats-share = { $percent }%
stats-by-version = バージョン別: { $versions }
stats-version = { $name }: 返信 { $replies } 件、👍 { $up } 👎 { $down }{ $share }
stats-prompt-only = プロンプトのみ
stats-reasons = 👎 の理由: { $reasons }
stats-reason = { $reason ->
        [wrong] 内容が間違っている
        [character] キャラクターらしくない
        [rude] 失礼
        [long] 長すぎる
       *[other] その他
    } { $count }
stats-first-word = 最初の言葉まで { $usual } 秒（中央値）、95% の返信で { $most } 秒以内。
stats-whole-reply = 返信の完了まで { $usual } 秒（中央値）、95% の返信で { $most } 秒以内。
chart-by-day = 日ごとの支持率
chart-likes-share = 投票に占める高評価の %
chart-by-version = バージョン別の投票
chart-prompt = プロンプト
chart-likes = 高評価
chart-dislikes = 低評価
chart-no-votes = まだ投票はありません

## For the people who run the bot

train-waiting = { $persona }: { $other } の学習が終わるのを待っています。
train-begun = { $persona }: 学習中 … { $bar }
train-running = { $persona }: 学習中 … { $bar } ステップ { $step } / { $steps }
train-running-loss = { $persona }: 学習中 … { $bar } ステップ { $step } / { $steps }、損失 { $loss }
train-judging = { $persona }: 新しいバージョンを評価中 … { $bar }
train-failed = { $persona }: 学習に失敗しました。{ $why }
train-canary = { $persona }: バージョン { $number } が採用されました。当面は { $percent }% のチャンネルで話します。
train-accepted = { $persona }: バージョン { $number } のほうが良いので、次の返信から話します。
train-refused = { $persona }: バージョン { $number } は不採用となり、話しません。
train-server-made = { $name } はこのサーバーで作られ、カードをもとに話します。学習するには、まず私を運営している人がフォルダーを作ります：`python -m training adopt { $name }`
versions-none = まだアダプターがなく、プロンプトだけで話します。
versions-unloaded = 有効なバージョンを読み込めませんでした。理由はボットの運営者がログで確認できます。
versions-canary = 🐤 { $canary }。どちらが残るかは投票で決まります。
versions-last-change = 最後の変更、{ $date }: { $what }、{ $why }
versions-to-replace = ⚠️ { $versions } は、その後削除された言葉から学習しているため、置き換えられます。
versions-incomplete = `v{ $number }` は不完全です
versions-made = { $date } 作成
versions-rows = データ: { $rows }
versions-speaks = ← 話しています
versions-other-base = 別のベースモデル用
versions-refused = 審査で不採用
versions-from-card = アダプターは別のベースモデル用です。このモデル用に学習するまでは、カードをもとに話します。
rollback-no-version = { $name } にバージョン { $number } はありません。
rollback-done = { $persona }: 次の返信から、またバージョン { $number } が話します。
rollback-choice = バージョン { $number }
health-engine = **エンジン** { $model }、{ $device }、{ $precision }
health-queue = **待ち行列** { $most } 行中 { $running } 行が実行中、{ $waiting } 件が待機中
health-memory = **メモリ** 起動以来、最大 { $megabytes } MB
health-versions = **バージョン** { $versions }
health-no-versions = **バージョン** なし: 全員プロンプトで話します
health-adapters = **読み込み済みアダプター** { $adapters }
health-no-adapters = **読み込み済みアダプター** なし
health-database = **データベース** 返信 { $replies } 件、投票 { $votes } 件、{ $megabytes } MB
health-trainings = **実行中の学習** { $personas }
health-no-trainings = **実行中の学習** なし
health-uptime-days = **稼働時間** { $days } 日 { $hours } 時間 { $minutes } 分、Discord まで { $milliseconds } ms
health-uptime = **稼働時間** { $hours } 時間 { $minutes } 分、Discord まで { $milliseconds } ms

## Commands

command-chat =
    .name = 話す
    .description = ここで話しているペルソナに話しかけます。
    .option-message = 伝えたいこと
command-ask =
    .name = 質問
    .description = 今回だけ、別のペルソナに質問します。
    .option-persona = 答えるペルソナ
    .option-message = 伝えたいこと
command-scene =
    .name = シーン
    .description = 2 人のペルソナに会話させます。
    .option-persona_a = 先に話すペルソナ
    .option-persona_b = 答えるペルソナ
    .option-topic = 会話のテーマ
    .option-turns = 2 人合わせて話す回数（2〜12）
command-help =
    .name = help
    .description = できることと使い方
command-forget =
    .name = 忘れる
    .description = 最初からやり直します。このチャンネルやスレッドでの会話を忘れます。
command-privacy =
    .name = プライバシー
    .description = あなたについて保存している情報の確認、学習の許可・拒否、書き出し、削除ができます。
command-collection =
    .name = 収集
    .description = ここ、またはサーバー全体での発言からペルソナが学習してよいかを決めます。
    .option-learn = 許可したメンバーの発言から学習してよいか
    .option-where = このチャンネルか、サーバー全体か
command-stats =
    .name = 統計
    .description = ペルソナへのメンバーの評価を、時間の経過とバージョン別に表示します。
    .option-persona = ペルソナ（省略するとすべて）
    .option-days = さかのぼる日数（30）
command-train =
    .name = 学習
    .description = 好評だった内容でペルソナを学習させます。新しいバージョンのほうが良ければ、それが話します。
    .option-persona = ペルソナ
command-versions =
    .name = バージョン
    .description = ペルソナのバージョン一覧: どれが話していて、それぞれどれだけ好評か。
    .option-persona = ペルソナ
command-rollback =
    .name = 戻す
    .description = ペルソナの以前のバージョンに話させます。
    .option-persona = ペルソナ
    .option-version = バージョンの番号
command-health =
    .name = 状態
    .description = ボットの状態: エンジン、待ち行列、メモリ、バージョン、データベース
command-persona =
    .name = ペルソナ
    .description = このチャンネルで話すペルソナ
command-persona-switch =
    .name = 切り替え
    .description = このチャンネルやスレッドで話すペルソナを選びます。
    .option-name = これからここで話すペルソナ
    .option-auto_reply = メンションがなくても、ここのすべてのメッセージに返信する
command-persona-reset =
    .name = リセット
    .description = スレッドはチャンネルのペルソナに、チャンネルは既定のペルソナに戻します。
command-persona-list =
    .name = 一覧
    .description = すべてのペルソナと、ここで話しているペルソナを表示します。
command-persona-info =
    .name = 情報
    .description = ペルソナの紹介と、話しているアダプターのバージョンを表示します。
    .option-name = ペルソナ（省略すると、ここで話しているペルソナ）
command-persona-create =
    .name = 作成
    .description = このサーバーのペルソナを作ります。フォームが開きます。
    .option-name = コマンド用の短い名前: a-z、0-9、ハイフン（省略すると名前から作ります）
command-persona-edit =
    .name = 編集
    .description = このサーバー独自のペルソナを変更します。フォームが開きます。
    .option-name = ペルソナ
command-persona-delete =
    .name = 削除
    .description = このサーバー独自のペルソナを削除します。元に戻せるよう、カードをお渡しします。
    .option-name = ペルソナ
command-persona-import =
    .name = 読み込み
    .description = キャラクターカード（JSON、YAML、PNG、.charx）からペルソナを作ります。
    .option-card = カードのファイル
    .option-name = コマンド用の短い名前（省略するとカードから作ります）
command-persona-export =
    .name = 書き出し
    .description = ほかのソフトやサーバーのために、ペルソナをキャラクターカードとして書き出します。
    .option-name = ペルソナ
command-persona-identity =
    .name = 名義
    .description = ペルソナがここで自分の名前と画像で話すか、私の名前で話すかを選びます。
    .option-on = 自分の名前と画像で話す
menu-suggest = より良い返信を提案
menu-delete = この返信を削除
option-message = メッセージ
option-persona = ペルソナ
option-persona_a = ペルソナa
option-persona_b = ペルソナb
option-topic = テーマ
option-turns = 回数
option-learn = 学習
option-where = 場所
option-days = 日数
option-version = バージョン
option-name = 名前
option-auto_reply = すべてに返信
option-card = カード
option-on = オン
choice-channel = チャンネル
choice-server = サーバー

## Character cards

card-too-large = ファイルが大きすぎます。カードは { $megabytes } MB までです。
card-text-too-long = カードの文章が長すぎます。読めるのは { $megabytes } MB までです。
card-without-name = カードに名前がないので、誰なのかわかりません。
card-not-in-picture = この画像にはキャラクターカードがありません。Tavern などのソフトで保存した PNG ファイルが必要です。
card-unreadable = これはキャラクターカードではありません。JSON と YAML のファイル、PNG 画像、.charx ファイルのカードを読めます。
card-other-picture = これは { $kind } 画像です。カードは PNG 画像から読みます。PNG か JSON で書き出してください。
card-not-in-archive = このアーカイブにはキャラクターカードがありません。card.json が入った .charx ファイルが必要です。
card-description = { $character } として話します。
card-name-shortened = 名前を短くしました: { $of } 文字中 { $kept } 文字を残しました。
card-prompt-shortened = キャラクターの説明を短くしました: { $of } 文字中 { $kept } 文字を残しました。
card-greeting-shortened = あいさつを短くしました: { $of } 文字中 { $kept } 文字を残しました。
card-greetings-left-out = あいさつ { $of } 件のうち、{ $kept } 件だけを残しました。
card-notes-shortened = メモを短くして説明にしました: { $of } 文字中 { $kept } 文字を残しました。
card-examples-left-out =
    { $kept ->
        [0] 会話例 { $of } 件は、どれもプロンプトに収まりません。
       *[other] 会話例 { $of } 件のうち、{ $kept } 件だけをプロンプトに残しました。
    }
card-lore-left-out = ロアブックの項目 { $count } 件を省きました。キーが普通の単語でないか、長すぎるか、項目が多すぎます。
card-group-greetings-left-out = グループ用のあいさつ { $count } 件を省きました。
card-macros-left-out = 知らないマクロ { $count } 件を省きました: { $names }
card-picture-left-out = 画像そのものは使えません。画像を設定するには、カードの assets にウェブアドレスを書いてください。
