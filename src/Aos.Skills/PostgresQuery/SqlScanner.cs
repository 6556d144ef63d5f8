namespace Aos.Skills;

internal enum SqlTokenKind
{
    /// <summary>A keyword or a name, in lower case as the server folds it.</summary>
    Word,

    /// <summary>A name in double quotes, as it is.</summary>
    QuotedName,

    /// <summary>A text in quotes of any kind.</summary>
    Text,

    /// <summary><c>$1</c>, <c>%(name)s</c> or <c>@name</c>: its name.</summary>
    Placeholder,

    /// <summary><c>%%</c>, which the form with <c>%(name)s</c> writes for <c>%</c>.</summary>
    Percents,
    Semicolon,
    Open,
    Close,
    Dot,
    Other,
}

internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int End, string Value);

/// <summary>Why a statement is not sent.</summary>
/// <param name="Position">Of the character, from 1.</param>
internal sealed record SqlProblem(string Code, string Reason, string Message, int Position);

/// <summary>
/// Takes a statement apart as the server does: quotes, escapes, dollar quotes and comments are what they are to it, so that what stands in them
/// is never taken for a word, nor a word for what stands in them. It is read under <c>standard_conforming_strings</c>, which every call switches on.
/// </summary>
internal sealed class SqlScanner(string sql, IReadOnlySet<string> names)
{
    private readonly List<SqlToken> tokens = [];
    private int at;

    internal static (IReadOnlyList<SqlToken> Tokens, SqlProblem? Problem) Scan(string sql, IReadOnlySet<string> names)
    {
        var scanner = new SqlScanner(sql, names);
        return scanner.Run() is { } problem ? ([], problem) : (scanner.tokens, null);
    }

    private SqlProblem? Run()
    {
        for (var i = 0; i < sql.Length; i++)
        {
            if (sql[i] == '\0') return Wrong("the query holds a NUL character", i);
            if (!char.IsSurrogate(sql[i])) continue;
            if (i + 1 == sql.Length || !char.IsSurrogatePair(sql[i], sql[i + 1])) return Wrong("the query holds half of a character", i);
            i++;
        }

        while (at < sql.Length)
        {
            if (Step() is { } problem) return problem;
        }

        return null;
    }

    private SqlProblem? Step()
    {
        var c = sql[at];
        if (IsSpace(c))
        {
            at++;
            return null;
        }

        if (Is("--"))
        {
            at = LineEnd(at);
            return null;
        }

        if (Is("/*")) return SkipComment();
        if (c == '\'') return Take(SqlTokenKind.Text, TextEnd(at, escapes: false), "a text");
        if (c == '"') return TakeQuotedName();
        if (c == '$') return TakeDollar();
        if (IsWordStart(c)) return TakeWord();
        if (c == '%' && TakePercent()) return null;
        if (c == '@' && TakeAt()) return null;
        Add(c switch { ';' => SqlTokenKind.Semicolon, '(' => SqlTokenKind.Open, ')' => SqlTokenKind.Close, '.' => SqlTokenKind.Dot, _ => SqlTokenKind.Other }, at + 1, "");
        return null;
    }

    private SqlProblem? SkipComment()
    {
        var (start, depth) = (at, 0);
        do
        {
            if (at >= sql.Length) return Wrong("a comment is not closed", start);
            if (Is("/*")) (depth, at) = (depth + 1, at + 2);
            else if (Is("*/")) (depth, at) = (depth - 1, at + 2);
            else at++;
        }
        while (depth > 0);
        return null;
    }

    private SqlProblem? TakeQuotedName()
    {
        var (start, end) = (at, at + 1);
        while (end < sql.Length)
        {
            if (sql[end] != '"') end++;
            else if (end + 1 < sql.Length && sql[end + 1] == '"') end += 2;
            else
            {
                Add(SqlTokenKind.QuotedName, end + 1, sql[(start + 1)..end].Replace("\"\"", "\"", StringComparison.Ordinal));
                return null;
            }
        }

        return Wrong("a name in double quotes is not closed", start);
    }

    private SqlProblem? TakeDollar()
    {
        var end = at + 1;
        while (end < sql.Length && char.IsAsciiDigit(sql[end])) end++;
        if (end > at + 1)
        {
            Add(SqlTokenKind.Placeholder, end, sql[(at + 1)..end]);
            return null;
        }

        if (end < sql.Length && IsWordStart(sql[end]))
        {
            while (end < sql.Length && IsWordPart(sql[end]) && sql[end] != '$') end++;
        }

        if (end == sql.Length || sql[end] != '$')
        {
            Add(SqlTokenKind.Other, at + 1, "");
            return null;
        }

        var tag = sql[at..(end + 1)];
        var close = sql.IndexOf(tag, end + 1, StringComparison.Ordinal);
        return Take(SqlTokenKind.Text, close < 0 ? -1 : close + tag.Length, "a text in dollar quotes");
    }

    private SqlProblem? TakeWord()
    {
        var end = WordEnd(at);
        var word = Folded(sql[at..end]);
        var quote = end < sql.Length ? sql[end] : ' ';
        if (quote == '\'' && word is "e" or "b" or "x" or "n") return Take(SqlTokenKind.Text, TextEnd(end, escapes: word == "e"), "a text");
        if (word == "u" && quote == '&' && end + 1 < sql.Length)
        {
            if (sql[end + 1] == '\'') return Take(SqlTokenKind.Text, TextEnd(end + 1, escapes: false), "a text");
            if (sql[end + 1] == '"') return Wrong("names written with escapes (U&\"...\") are not taken: write the name itself", at);
        }

        Add(SqlTokenKind.Word, end, word);
        return null;
    }

    private bool TakePercent()
    {
        if (Is("%%"))
        {
            Add(SqlTokenKind.Percents, at + 2, "");
            return true;
        }

        if (!Is("%(") || at + 2 == sql.Length || !IsWordStart(sql[at + 2])) return false;
        var end = WordEnd(at + 2);
        if (end + 1 >= sql.Length || sql[end] != ')' || sql[end + 1] is not 's' || (end + 2 < sql.Length && IsWordPart(sql[end + 2]))) return false;
        Add(SqlTokenKind.Placeholder, end + 2, sql[(at + 2)..end]);
        return true;
    }

    /// <summary><c>@</c> is an operator too: only a name that has a value is a placeholder.</summary>
    private bool TakeAt()
    {
        if (at + 1 == sql.Length || !IsWordStart(sql[at + 1]) || (at > 0 && "+-*/<>=~!@#%^&|`?".Contains(sql[at - 1], StringComparison.Ordinal))) return false;
        var end = WordEnd(at + 1);
        var name = sql[(at + 1)..end];
        if (!names.Contains(name)) return false;
        Add(SqlTokenKind.Placeholder, end, name);
        return true;
    }

    private SqlProblem? Take(SqlTokenKind kind, int end, string what)
    {
        if (end < 0) return Wrong($"{what} is not closed", at);
        Add(kind, end, "");
        return null;
    }

    private void Add(SqlTokenKind kind, int end, string value)
    {
        tokens.Add(new SqlToken(kind, at, end, value));
        at = end;
    }

    /// <summary>Behind the quote that closes the text whose quote stands at <paramref name="quote"/>; -1: none does.</summary>
    private int TextEnd(int quote, bool escapes)
    {
        var i = quote + 1;
        while (i < sql.Length)
        {
            if (escapes && sql[i] == '\\') i += 2;
            else if (sql[i] != '\'') i++;
            else if (i + 1 < sql.Length && sql[i + 1] == '\'') i += 2;
            else if (Continued(i + 1) is { } next) i = next + 1;
            else return i + 1;
        }

        return -1;
    }

    /// <summary>Texts with a line break between them are one text, of the first one's kind: the quote of the next; null: there is none.</summary>
    private int? Continued(int from)
    {
        var broken = false;
        while (from < sql.Length)
        {
            if (sql[from] == '\'') return broken ? from : null;
            if (string.CompareOrdinal(sql, from, "--", 0, 2) == 0) from = LineEnd(from);
            else if (!IsSpace(sql[from])) return null;
            else broken |= sql[from++] is '\n' or '\r';
        }

        return null;
    }

    private int LineEnd(int from)
    {
        var end = sql.AsSpan(from).IndexOfAny('\n', '\r');
        return end < 0 ? sql.Length : from + end;
    }

    private int WordEnd(int from)
    {
        while (from < sql.Length && IsWordPart(sql[from])) from++;
        return from;
    }

    private bool Is(string text) => string.CompareOrdinal(sql, at, text, 0, text.Length) == 0;

    /// <summary>The server folds the letters of ASCII alone.</summary>
    private static string Folded(string word) => string.Create(word.Length, word, static (span, from) =>
    {
        for (var i = 0; i < span.Length; i++) span[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
    });

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\r' or '\f' or '\v';

    private static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c == '_' || c > '\u007f';

    private static bool IsWordPart(char c) => IsWordStart(c) || char.IsAsciiDigit(c) || c == '$';

    private static SqlProblem Wrong(string message, int at) => new("INVALID_INPUT", "syntax", message, at + 1);
}
