using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>A family of things a goal must not say.</summary>
/// <param name="Blocks">True: the goal is rejected; false: it is accepted with a warning.</param>
internal sealed record GoalFamily(string Name, bool Blocks, Regex[] Patterns);

/// <summary>
/// The families. All patterns see the skeleton of a goal (see <see cref="TextFold"/>), white space collapsed. They are short and
/// bounded, so that a long goal costs time in proportion to its length.
/// </summary>
internal static partial class GoalPatterns
{
    internal static GoalFamily[] All { get; } =
    [
        new("instruction_override", false, [Override(), NewInstructions()]),
        new("role_hijack", false, [YouAreNow(), Pretend(), ActAs(), NewRole()]),
        new("dangerous_sql", true, [SqlByTool(), DropTable(), TruncateTable(), DeleteAll()]),
        new("bypass_attempt", false, [Bypass()]),
        new("recursive_plan", false, [RecursivePlan()]),
        new("infinite_loop", false, [Endless()]),
        new("excessive_repeat", false, [Repeat()]),
        new("code_execution", true, [ExecCall(), EvalCall(), OsSystem(), Subprocess()]),
        new("credential_leak", true, [Show(), WhatIs()]),
    ];

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private const string Secret =
        @"(?:(?:api|secret|private|signing|encryption|ssh)[ _-]?keys?|passwords?|passphrases?|secrets?|credentials?|(?:(?:access|auth|bearer|refresh|session|api) )?tokens?)\b";

    /// <summary>What may follow: "the token count" and "the password policy" are no secrets.</summary>
    private const string NoSecret =
        @"(?! (?:counts?|usage|use|used|limits?|budgets?|numbers?|totals?|lengths?|size|price|prices|cost|costs|polic(?:y|ies)|rules?|requirements?|strength|reset|form|fields?|page|statistics|stats|per)\b)";

    [GeneratedRegex(@"\b(?:ignore|disregard|forget|override)\b(?: (?:all|any|of|the|your|my|these|those|every|everything)){0,4} (?:previous|prior|above|earlier|preceding|foregoing)(?: \w+){0,2}? (?:instructions?|prompts?|rules?|directions?|guidelines?|commands?)\b", Plain)]
    private static partial Regex Override();

    [GeneratedRegex(@"\b(?:ignore|disregard|forget) (?:all |your ){1,2}(?:instructions?|rules|guidelines)\b", Plain)]
    private static partial Regex NewInstructions();

    [GeneratedRegex(@"\byou are now (?:an?|the|in)\b", Plain)]
    private static partial Regex YouAreNow();

    [GeneratedRegex(@"\bpretend (?:that )?(?:you are|you're|to be)\b", Plain)]
    private static partial Regex Pretend();

    [GeneratedRegex(@"\bact as (?:if you (?:are|were)|you are|an? )", Plain)]
    private static partial Regex ActAs();

    [GeneratedRegex(@"\byour new (?:role|persona|identity) is\b", Plain)]
    private static partial Regex NewRole();

    [GeneratedRegex(@"\b(?:call|execute|run|invoke)\b.{0,80}?\b(?:postgres_query|sql|database)\b.{0,200}?\b(?:drop|truncate|delete|alter)\b", Plain)]
    private static partial Regex SqlByTool();

    [GeneratedRegex(@"\bdrop (?:table|database|schema)\b", Plain)]
    private static partial Regex DropTable();

    [GeneratedRegex(@"\btruncate table\b", Plain)]
    private static partial Regex TruncateTable();

    [GeneratedRegex(@"\bdelete from [\w.""]{1,80} where (?:1 ?= ?1|true)\b", Plain)]
    private static partial Regex DeleteAll();

    [GeneratedRegex(@"\b(?:bypass|skip|disable|circumvent)\b(?: (?:all|any|the|your|every))? (?:\w+ )?(?:validations?|security|safety|checks?|guardrails?)\b", Plain)]
    private static partial Regex Bypass();

    [GeneratedRegex(@"\bcreate (?:an? )?plans? (?:that|which) (?:itself )?(?:creates?|generates?|makes?) (?:\w+ )?plans?\b", Plain)]
    private static partial Regex RecursivePlan();

    [GeneratedRegex(@"\bloop(?:s|ing)? (?:forever|infinitely|endlessly|indefinitely|without end)\b", Plain)]
    private static partial Regex Endless();

    [GeneratedRegex(@"\brepeat (?:this|the) (?:task|action|step) [0-9]{3,9} times\b", Plain)]
    private static partial Regex Repeat();

    [GeneratedRegex(@"(?<![\w.])exec ?\(", Plain)]
    private static partial Regex ExecCall();

    [GeneratedRegex(@"(?<![\w.])eval ?\(", Plain)]
    private static partial Regex EvalCall();

    [GeneratedRegex(@"\bimport os\b.{0,500}?\bos\.(?:system|popen)\b|\b__import__ ?\(", Plain)]
    private static partial Regex OsSystem();

    [GeneratedRegex(@"\bsubprocess\.(?:call|run|popen|check_output)\b", Plain)]
    private static partial Regex Subprocess();

    [GeneratedRegex(@"\b(?:show|print|display|output|return|reveal|give|tell|send|leak|dump)\b(?: (?:me|us))?(?: (?:all|the|your|my|our|any|every|stored|system|admin|database)){0,4} " + Secret + NoSecret, Plain)]
    private static partial Regex Show();

    [GeneratedRegex(@"\bwhat(?: is| are|'s) (?:your|the)(?: \w+)? " + Secret + NoSecret, Plain)]
    private static partial Regex WhatIs();
}
