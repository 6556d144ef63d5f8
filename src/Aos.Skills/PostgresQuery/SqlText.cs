using System.Globalization;
using System.Text;

namespace Aos.Skills;

/// <summary>A statement as it is sent, its placeholders numbered: values are never put into the text.</summary>
internal sealed class SqlText
{
    /// <summary>Where a piece of the text stands in the query as it was written.</summary>
    private readonly List<(int Sent, int Written)> pieces = [];
    private readonly StringBuilder text = new();
    private readonly List<string> names = [];

    private SqlText(IReadOnlyList<SqlToken> tokens)
    {
        IsExplain = SqlRules.IsExplain(tokens);
        NamesWrite = tokens.Any(token => token is { Kind: SqlTokenKind.Word, Value: "insert" or "update" or "delete" or "merge" });
        Calls = [.. SqlRules.Calls(tokens).Select(call => call.Name).Distinct(StringComparer.Ordinal)];
        Attributes = [.. SqlRules.Attributes(tokens).Distinct(StringComparer.Ordinal)];
    }

    internal string Text => text.ToString();

    /// <summary>Whose value is <c>$1</c>, <c>$2</c> and so on.</summary>
    internal IReadOnlyList<string> Names => names;

    internal bool IsExplain { get; }

    /// <summary>Whether a word of it may be a statement that writes.</summary>
    internal bool NamesWrite { get; }

    /// <summary>Names of functions that it may call, each once.</summary>
    internal IReadOnlyList<string> Calls { get; }

    /// <summary>Names behind a dot, each once: columns, or functions of what stands before it.</summary>
    internal IReadOnlyList<string> Attributes { get; }

    /// <param name="known">Names that have values.</param>
    internal static (SqlText? Sql, SqlProblem? Problem) Read(string query, IReadOnlySet<string> known)
    {
        var (tokens, wrong) = SqlScanner.Scan(query, known);
        if ((wrong ?? SqlRules.Problem(tokens)) is { } problem) return (null, problem);
        var end = SqlRules.End(tokens);
        var sql = new SqlText(tokens);
        foreach (var token in tokens.Take(end).Where(token => token.Kind == SqlTokenKind.Placeholder))
        {
            if (!known.Contains(token.Value)) return (null, new SqlProblem("INVALID_INPUT", "params", $"params has no value for {query[token.Start..token.End]}", token.Start + 1));
        }

        sql.Write(query, [.. tokens.Take(end)], end < tokens.Count ? tokens[end].Start : query.Length);
        return known.FirstOrDefault(name => !sql.names.Contains(name, StringComparer.Ordinal)) is { } idle
            ? (null, new SqlProblem("INVALID_INPUT", "params", $"params has a value for {idle}, which the query does not use", 1))
            : (sql, null);
    }

    /// <summary>The place in the query as it was written, from 1, of a character of the text that was sent; null: of none.</summary>
    internal int? Written(int character)
    {
        if (character < 1) return null;
        var at = 0;
        for (var i = 1; i < character && at < text.Length; i++) at += char.IsHighSurrogate(text[at]) ? 2 : 1;
        var piece = pieces.FindLast(piece => piece.Sent <= at);
        return at - piece.Sent + piece.Written + 1;
    }

    private void Write(string query, IReadOnlyList<SqlToken> tokens, int end)
    {
        var escapes = tokens.Any(token => token.Kind == SqlTokenKind.Placeholder && query[token.Start] == '%');
        var from = 0;
        foreach (var token in tokens)
        {
            if (token.Kind != SqlTokenKind.Placeholder && !(token.Kind == SqlTokenKind.Percents && escapes)) continue;
            Copy(query, from, token.Start);
            pieces.Add((text.Length, token.Start));
            // Between spaces: what stands close to it must not become a part of it.
            if (token.Kind == SqlTokenKind.Percents) text.Append('%');
            else text.Append(CultureInfo.InvariantCulture, $" ${Number(token.Value)} ");
            from = token.End;
        }

        Copy(query, from, end);
    }

    private void Copy(string query, int from, int to)
    {
        pieces.Add((text.Length, from));
        text.Append(query, from, to - from);
    }

    private int Number(string name)
    {
        var index = names.IndexOf(name);
        if (index >= 0) return index + 1;
        names.Add(name);
        return names.Count;
    }
}
