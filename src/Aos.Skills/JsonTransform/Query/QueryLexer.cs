using System.Globalization;
using System.Text;

namespace Aos.Skills.Query;

internal enum TokenKind { Name, Field, Text, Number, Mark, End }

/// <param name="Text">The name, the content of the text, the number or the mark.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int At)
{
    internal bool Is(string mark) => Kind == TokenKind.Mark && Text == mark;

    internal bool IsWord(string word) => Kind == TokenKind.Name && Text == word;
}

/// <summary>Splits a query into tokens. <c>.name</c> is one token; so is <c>."a text"</c>.</summary>
internal static class QueryLexer
{
    private static readonly string[] Marks = ["//", "==", "!=", "<=", ">=", "..", "|", ",", ";", ":", "(", ")", "[", "]", "{", "}", "<", ">", "+", "-", "*", "/", "%", "?", "."];

    internal static List<Token> Read(string text)
    {
        var tokens = new List<Token>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (at == text.Length) break;
            tokens.Add(Next(text, ref at));
        }

        tokens.Add(new Token(TokenKind.End, "the end", text.Length));
        return tokens;
    }

    private static Token Next(string text, ref int at)
    {
        var start = at;
        var c = text[at];
        if (c == '"') return new Token(TokenKind.Text, Quoted(text, ref at), start);
        if (c == '.' && at + 1 < text.Length && (IsNameStart(text[at + 1]) || text[at + 1] == '"'))
        {
            at++;
            return new Token(TokenKind.Field, text[at] == '"' ? Quoted(text, ref at) : Name(text, ref at), start);
        }

        if (char.IsAsciiDigit(c)) return Number(text, ref at);
        if (IsNameStart(c)) return new Token(TokenKind.Name, Name(text, ref at), start);
        foreach (var mark in Marks)
        {
            if (string.CompareOrdinal(text, at, mark, 0, mark.Length) != 0) continue;
            at += mark.Length;
            return new Token(TokenKind.Mark, mark, start);
        }

        throw TransformException.Request($"The query has a '{c}' at position {at} that means nothing.");
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static string Name(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_')) at++;
        return text[start..at];
    }

    private static Token Number(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.' || text[at] is 'e' or 'E' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E'))) at++;
        var number = text[start..at];
        return decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? new Token(TokenKind.Number, number, start)
            : throw TransformException.Request($"The query has '{number}' at position {start}, which is no number.");
    }

    private static string Quoted(string text, ref int at)
    {
        var start = at++;
        var content = new StringBuilder();
        while (at < text.Length && text[at] != '"')
        {
            if (text[at] == '\\') content.Append(Escape(text, ref at));
            else content.Append(text[at++]);
        }

        if (at == text.Length) throw TransformException.Request($"The text at position {start} of the query has no end.");
        at++;
        return content.ToString();
    }

    private static char Escape(string text, ref int at)
    {
        var start = at++;
        var c = at < text.Length ? text[at++] : '\0';
        switch (c)
        {
            case '"' or '\\' or '/': return c;
            case 'n': return '\n';
            case 't': return '\t';
            case 'r': return '\r';
            case 'b': return '\b';
            case 'f': return '\f';
            case 'u' when at + 4 <= text.Length && ushort.TryParse(text.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                at += 4;
                return (char)code;
            default:
                throw TransformException.Request(c == '(' ? $"Texts with \\( ) are not supported (position {start})." : $"The query has an unknown escape at position {start}.");
        }
    }
}
