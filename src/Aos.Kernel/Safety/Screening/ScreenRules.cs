namespace Aos.Kernel;

/// <summary>
/// What is looked for, as data. A line is a name, a score, and words that follow each other within one sentence: <c>a|b</c> either,
/// <c>a*</c> what begins so, <c>*a</c> what ends so, <c>_3</c> up to three other words, <c>!a</c> and not this next. A score of 4 is
/// hostile in data, 2 suspicious; a 1 counts beside others, a 0 only where nobody should see the text. Words are folded like texts are.
/// </summary>
internal static class ScreenRules
{
    internal static ScreenPatterns All { get; } = new(Steering + Taking + Languages);

    /// <summary>Instructions, roles and limits.</summary>
    private const string Steering = """
        @drop = ignore|ignoring|disregard|disregarding|forget|override|overrule|bypass|discard|drop|dismiss|erase|abandon|neglect|skip|void|unlearn
        @old = previous|previously|prior|preceding|earlier|above|foregoing|former|original|initial|existing|system|your|given
        @order = instruction*|directive*|rule|rules|prompt|prompts|guideline*|guidance|commands|training|constraints|safeguards|programming
        @ai = ai|ais|llm|llms|chatbot*|chatgpt|gpt|assistant|assistants|agent|agents|bot|bots|model|models|*bot|*gpt
        @sure = ai|ais|llm|llms|chatbot*|chatgpt|gpt|claude|gemini|copilot
        @limit = restriction*|limit|limits|limitation*|filter|filters|censorship|rules|guidelines|ethics|morals|boundaries|norms|refus*
        instruction_override 4 @drop _3 @old _3 @order
        instruction_override 4 @drop _2 all|any|every|these|those _2 @order
        instruction_override 4 @drop _3 @order _3 above|given|received|told|before|earlier
        instruction_override 4 @drop _3 prior|previous|earlier context|conversation
        instruction_override 4 @drop everything|anything|all _4 above|before|said|told|wrote|given|read
        instruction_override 4 @drop what|whatever _2 operator|system|developer|user|owner|admin*
        instruction_override 4 @drop the content|safety policy|policies|rules
        instruction_override 3 @drop the above
        instruction_override 2 @drop everything
        instruction_override 4 set|put aside _2 @old|every|all|any _2 @order
        instruction_override 4 set|put aside _2 every|all|any|your|the @order
        instruction_override 4 never mind _2 @old|your _2 @order
        instruction_override 4 do|must|should|will not|never _2 follow|obey|heed _2 your|the|any _2 @order
        instruction_override 4 dont|never|stop follow|following|obey|obeying _2 your|the|any _2 @order
        instruction_override 4 your @order|policy|policies _4 no|dont|not longer|apply|matter
        instruction_override 3 @order you|your _5 no longer apply
        instruction_override 4 your _1 @order _2 are|is|have obsolete|void|cancelled|canceled|suspended|revoked|outdated|invalid|null
        instruction_override 4 all|previous|earlier|prior _2 instruction*|directive*|prompts|guidelines|guidance _2 is|are|were cancelled|canceled|void|obsolete|suspended|revoked|superseded
        instruction_override 2 previous|earlier|prior|original @order|guidance _2 is|are void|suspended|revoked|cancelled|obsolete
        instruction_override 4 instruction* replace|supersede|override _2 instruction*|rules
        instruction_override 4 instead of _1 doing|following what|your _2 told|instruction*
        instruction_override 3 nothing in your prompt|instruction*
        instruction_override 2 everything|text|all above|before _5 ignored|test|void
        instruction_override 4 your|the real|actual|true|new task|job|goal|instruction*|mission _1 is|are|follow
        instruction_override 2 new instruction*|directive*|orders !manual|booklet
        instruction_override 3 your task _1 is now
        instruction_override 1 new task
        instruction_override 4 cancel|abort|stop the|your current|original task _4 start|begin|do
        obedience 2 obey _2 me|this|next|my|only|text
        obedience 2 do|act as i say|command|tell
        obedience 2 only listen|answer|respond to me
        obedience 2 listen only to me
        obedience 2 act|rely only on this
        hint 1 @drop _1 the|this|these|all|any|others|rest
        hint 1 must|should|always|have _2 say|state|write|recommend|confirm|include|rate|rank|approve|praise
        hint 1 rate|rank|score|grade|give _2 this|me|our _3 best|first|perfect|100|10|five|stars
        hint 1 when|before|while _1 you summari*|answer*|read*|reply|process*
        hint 1 tell the reader|user|customer
        role_hijack 4 you are now|henceforth|hereby _3 @ai|dan|hacker|root|unrestricted|unfiltered|persona|machine|free
        role_hijack 4 youre now|henceforth|hereby _3 @ai|dan|hacker|root|unrestricted|unfiltered|persona|machine|free
        role_hijack 3 you are no longer _2 @ai
        role_hijack 3 youre no longer _2 @ai
        role_hijack 4 from this|now moment|on|forward _2 you are|become|act|behave _2 @ai|dan|hacker|root
        role_hijack 3 you|must|will _2 now _1 take|adopt|assume|play the|a|on _2 persona|role|identity|part
        role_hijack 3 your new role|persona|identity is
        role_hijack 2 pretend _1 you|to|that _1 are|be
        role_hijack 1 pretend|imagine _1 you|to|that _1 are|be|have|had
        role_hijack 3 act|behave|respond|answer as if you _5 no|without|never|had
        role_hijack 3 act|behave|respond|answer as an ai _3 no|without|freed|free|uncensored
        role_hijack 3 as|am your|the _1 developer|creator|maker|administrator|owner|operator _5 order|authoris*|authoriz*|instruct*|command|allow* you
        role_hijack 3 message|notice|order from _1 openai|anthropic|google|microsoft|developers|administrators
        role_hijack 2 admin|administrator|root|sudo|security override
        role_hijack 2 verified|authenticated|confirmed as _1 admin*|root|owner|developer _5 lifted|removed|off|unlocked
        role_hijack 2 elevate my|your|the|user|all permissions|rights|privileges
        role_hijack 2 you|have have|root|imagine root access and
        role_hijack 2 behave like that|root|admin
        limits_off 3 content|safety|output|moderation|usage _1 policy|policies|filter*|rules|training|measures|checks|guidelines _3 disabled|off|suspended|lifted|exempt*|removed|deactivated
        limits_off 3 drop|skip|disable|remove|lift|switch _2 safety|content|output|all _1 measures|filter*|policy|rules|checks|restrictions
        limits_off 2 exempt from _3 policies|policy|rules|restrictions
        limits_off 2 with full access
        jailbreak 1 enter|enable|activate|unlock|turn|in _2 developer|debug|god|hidden|admin|maintenance mode
        jailbreak 4 do anything now
        jailbreak 3 developer|debug|god|hidden mode _4 answer|respond|reply|print|give|where _5 without|unfiltered|every|disabled|configuration|two
        jailbreak 3 play|become|are|as dan|stan|dude|aim
        jailbreak 3 unfiltered|uncensored|unrestricted|jailbroken|unchained _1 @ai|you|mode|version
        jailbreak 2 one|twice|once _4 unfiltered|jailbroken
        jailbreak 4 @ai|you _2 _4 has|have|been|is|are freed|free|jailbroken|liberated _2 from|successfully
        jailbreak 3 answer*|respond*|reply|ai|bot|assistant|*bot|*gpt|you _6 no|without|any|zero|lacks _2 @limit
        jailbreak 3 simulate|become|be|play|act _4 model|without|never|no|tool _3 @limit
        jailbreak 2 never refuse*|refusing|say|declines _1 no|you|anything|and
        jailbreak 2 without refusing
        jailbreak 2 no _1 rules|restrictions|limits apply
        jailbreak 2 opposite day
        jailbreak 2 machine with no morals|rules|ethics
        jailbreak 2 everything _2 forbidden to _2 now|say
        addressee 0 @ai
        addressee 0 language model
        addressing 3 note|attention|message|instruction*|dear|hey|hello|to _3 @sure
        addressing 3 note|attention|message|instruction*|dear|hey|to _3 language|automated model|models|assistants|agents|systems
        addressing 3 instruction* for|to _2 @ai
        addressing 2 if you are _2 @sure|assistant|chatbot
        addressing 2 if youre _2 @sure|assistant|chatbot
        addressing 2 if you are _2 language model
        addressing 2 if youre _2 language model
        addressing 3 ai _1 assistants|agents|systems|models|agent|assistant _3 must|should|have|reading|processing|summarising
        addressing 3 all language|ai models|assistants
        addressing 2 dear|hey|hello assistant|summari*|chatbot*|bot|agent|model
        addressing 2 assistant|chatbot|bot silently|secretly|ignore|approve|always|disregard|you
        talk 0 injection*|attack*|phrase|phrases|example|examples|inputs|researcher*|jailbreak*|detect*|filter|filters|test|tests|sentence|article|paper|told|wrote
        """ + "\n";

    /// <summary>Data and acts.</summary>
    private const string Taking = """
        @tell = reveal|show|print|repeat|output|display|expose|leak|dump|quote|tell|give|recite|disclose|spell
        @send = send|post|forward|upload|email|mail|transmit|leak|exfiltrate|submit|deliver
        @key = password|passwords|credential*|secret|secrets|keys|token|tokens|passphrase
        @talk = conversation|chat|history|inbox|mailbox|contacts|transcript|thread
        exfiltration 4 @tell _1 me|us|your|the|all|any|every|hidden|full|entire _3 system|initial|hidden|original|secret|developer prompt|prompts|instruction*|message|configuration
        exfiltration 4 @tell _2 your _1 prompt|instruction*|configuration|guidelines
        exfiltration 4 @tell _3 instruction*|rules|text|messages|prompt|prompts|words _2 you _2 given|told|received|got
        exfiltration 4 @tell|copy _1 everything|all|text|confidential _1 above|before|text _2 this|line|verbatim|above|in
        exfiltration 3 what were you told|instructed|given
        exfiltration 3 starting with _2 words you are
        exfiltration 3 print|show|reveal your _1 secret*|configuration|key*
        exfiltration 3 leak|exfiltrate|steal|harvest|dump _4 @key|configuration|conversation|environment|@talk|data
        exfiltration 3 upload|collect _3 @key _4 upload|send|to|bucket|find
        exfiltration 3 upload|collect|gather any|all|every @key
        exfiltration 3 @send _6 @key|@talk|customers|environment _5 to|in|as|at
        exfiltration 3 @send _3 whole|entire|all|full|every|copy|contents _3 @talk|mailbox|reset
        exfiltration 3 tell|show|give|send|output|print me _4 password|secret|key|credentials !reset|policy|field|rules|works|form|manager|hint|free
        exfiltration 3 append|add|put|include|encode|copy _5 @key|chat|conversation|history|prompt _9 link|url|image|reply|line
        exfiltration 3 include|append _2 contents _3 secret*|environment|password*
        exfiltration 3 include|put|append the users|user|customers password*|@key
        exfiltration 3 list|show all customers|users _3 card|password*|cards|credit
        exfiltration 2 copy|send|paste _2 customer|user|member list _2 into|to|in
        exfiltration 3 dump|put|print _2 environment variables _5 summary|answer|reply|into
        tool_coercion 1 call|use|invoke|trigger _2 tool|function|skill|plugin
        tool_coercion 1 run|execute _3 command|code|script|shell|steps
        tool_coercion 3 call|use|invoke|trigger|function|tool _4 delete*|transfer*|payment|drop|wipe|send|browser|file _2 tool|function|on|funds|email|every|all|to
        tool_coercion 3 must|have|should|need _1 call|invoke|use|trigger|to _1 invoke|call|use|transfer|payment|the _3 before|to|function|tool|send|funds|with
        tool_coercion 3 agents|agent|assistants|ai _4 should|must|have|has _2 call|run|open|close|execute|invoke|delete|send|transfer|drop
        tool_coercion 2 ai agent|agents|assistant open|close|call|approve|delete|send|run
        tool_coercion 3 run|execute|fetch _6 and execute|run it|them|this
        tool_coercion 2 run|execute this|following shell command|code
        tool_coercion 2 execute _3 code|command _3 your sandbox|shell|terminal
        tool_coercion 3 use your _2 tool|function|shell|browser _3 read|visit|send|open|run|delete|enter
        tool_coercion 2 also|then|silently call http|send|kv
        tool_coercion 2 wire|transfer|send the|all|me|my|balance|amount _2 money|balance|funds|dollars
        tool_coercion 2 transfer|send|pay _3 dollars|euros|money|amount _3 to me|account
        tool_coercion 2 add _2 step _6 your plan
        tool_coercion 2 drop table _3 and
        tool_coercion 2 approve|refund|order*|close _4 without _1 asking|review|comments|confirmation|question*|checking
        tool_coercion 2 without _1 asking|confirmation|review|approval _2 for|confirmation|transfer|send|delete|approve
        tool_coercion 2 no confirmation needed|required|necessary
        tool_coercion 1 as root
        tool_coercion 2 give _1 me admin|root|administrator access|rights
        tool_coercion 3 admin|administrator account named|called
        secrecy 2 not|dont|never tell|inform|mention|reveal|show|alert|notify _4 user|human|anybody|anyone|reviewer|owner|operator
        secrecy 2 not|dont|never tell|mention|reveal|say it|this|these|that
        secrecy 2 keep this between us
        secrecy 1 say nothing
        secrecy 2 silently|secretly|quietly create|change|add|send|delete|approve|replace|forward|remove
        secrecy 2 hide this|these|it _3 from|step
        secrecy 1 change|replace _2 bank|account|recipient|iban _3 invoice|mail|account|below
        """ + "\n";

    /// <summary>The same wishes in other languages.</summary>
    private const string Languages = """
        @drop_de = ignorier|ignoriere|ignoriert|ignorieren|vergiss|missachte|missachten|verwirf|verwerfe|umgehe|überschreibe|übergehe
        @old_de = vorherige*|vorige*|bisherige*|früher*|obige*|alle|allen|deine*|vorangegangen*|ursprünglich*|sämtliche*
        @order_de = anweisung*|regel|regeln|instruktion*|vorgabe*|befehl*|prompt*|systemprompt|richtlinie*
        @ai_de = ki|ai|bot|assistent*|modell|sprachmodell|chatbot|*bot|*gpt
        instruction_override 4 @drop_de _2 @old_de _2 @order_de
        instruction_override 4 @old_de _2 @order_de _2 ignorieren|vergessen|missachten|verwerfen
        instruction_override 4 @drop_de alles _4 gesagt|oben|vorher|steht|bisher
        role_hijack 4 du bist _3 @ai_de _3 ohne|keine*|uneingeschränkt*
        exfiltration 4 zeig|zeige|gib|nenne|verrate|sag|sage|schreib|offenbare _4 systemprompt|passwort|passwörter|zugangsdaten|geheimnis*|systemanweisung*
        exfiltration 3 regeln|anweisungen _3 gib|zeig|nenne _2 systemprompt|passwort
        exfiltration 3 das|die passwort|passwörter|zugangsdaten nennen|zeigen|ausgeben|senden
        exfiltration 3 sende|schicke|schick|übermittle _4 verlauf|gespräch*|passwort*|zugangsdaten|postfach|geheim*
        secrecy 2 sag|sage|erzähle _2 nutzer|benutzer|kunden|anwender nichts
        instruction_override 4 ignore|ignorez|ignorer|oublie|oubliez|négligez|néglige|contournez !pas|jamais _1 toutes|tous|tes|vos _2 instruction*|consigne*|règle*|directive*
        instruction_override 4 ignore|ignorez|ignorer|oublie|oubliez|négligez !pas|jamais _2 instruction*|consigne*|règle*|directive* _1 précédent*|antérieur*|dessus|initiale*
        instruction_override 4 tiens|tenez pas compte _2 règle*|consigne*|instruction*|directive*
        role_hijack 4 tu es maintenant|désormais|dorénavant _2 ia|assistant|bot|modèle _2 sans|aucune
        role_hijack 4 vous êtes maintenant|désormais|dorénavant _2 ia|assistant|bot|modèle _2 sans|aucune
        exfiltration 3 révèle|révélez|montre|montrez|affiche|affichez|donne|donnez|dis _2 prompt|invite|consignes
        exfiltration 3 révèle|révélez|montre|montrez|affiche|affichez|donne|donnez|dis _2 mot de passe
        instruction_override 4 ignora|ignore|olvida|olvide|omite|descarta !que _1 todas|todos|tus|sus|cualquier _1 instruccion*|regla*|indicacion*|órdenes|directric*
        instruction_override 4 ignora|ignore|olvida|olvide|omite|descarta _2 instruccion*|regla*|indicacion*|directric* _1 anteriores|previas|iniciales|arriba
        instruction_override 4 haz|haga caso omiso _3 instruccion*|regla*|indicacion*
        role_hijack 4 eres _2 asistente|modelo|bot|ia|ai|chatbot _1 sin
        role_hijack 4 ahora eres _2 asistente|modelo|bot|ia _3 sin|ninguna
        exfiltration 3 revela|revele|muestra|muestre|dime|muéstrame|enseña _3 prompt|contraseña|contraseñas|clave
        exfiltration 3 revela|muestra|muéstrame|dime _2 mensaje|instrucciones del sistema
        instruction_override 4 ignore|ignora|esqueça|esquece|desconsidere _1 todas|suas|tuas|as _1 instruções|regras|ordens|orientações _1 anteriores|prévias|acima
        instruction_override 4 esqueça|esquece|desconsidere _2 instruções|regras|ordens
        exfiltration 3 revele|revela|mostre|mostra|diga _2 prompt|senha|senhas
        instruction_override 4 ignora|dimentica|trascura|scorda _2 istruzioni|regole|direttive|indicazioni _1 precedenti|iniziali|sopra
        instruction_override 4 ignora|dimentica|trascura tutte _2 istruzioni|regole
        exfiltration 3 mostrami|rivela|dimmi|svela _2 password|prompt
        instruction_override 4 negeer|vergeet|negeren _2 vorige|eerdere|voorgaande|je|alle _1 instructies|regels|opdrachten|instructie
        exfiltration 3 toon|geef|onthul _2 wachtwoord|systeemprompt
        instruction_override 4 zignoruj|ignoruj|zapomnij|pomiń _2 poprzednie|wcześniejsze|swoje|wszystkie|powyższe _1 instrukcje|zasady|polecenia|reguły
        exfiltration 3 pokaż|ujawnij|podaj _2 hasło|prompt
        instruction_override 4 игнорируй*|проигнорируй*|забудь|забудьте|отбрось _2 предыдущие|все|свои|прежние|прошлые|прошлых|предыдущих _1 инструкци*|правил*|указани*|команд*
        exfiltration 3 покажи|выведи|раскрой|сообщи|назови _2 пароль|промпт|инструкци*|системный
        instruction_override 4 تجاهل _2 التعليمات|الأوامر|القواعد
        instruction_override 4 yukarıdaki|önceki|tüm _2 talimatları|kuralları _1 unut|yoksay
        """;
}
