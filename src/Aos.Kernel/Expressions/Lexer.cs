using System.Globalization;
using System.Text;

namespace Aos.Kernel;

internal enum TokenKind { End, Name, Number, Text, Symbol }

internal readonly record struct Token(TokenKind Kind, string Text, int At);

/// <summary>A mistake in an expression, with its position.</summary>
internal sealed class ExpressionException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>Cuts an expression into tokens.</summary>
internal static class Lexer
{
    private static readonly string[] Pairs = ["==", "!=", "<=", ">=", "&&", "||"];

    internal static List<Token> Read(string text)
    {
        var tokens = new List<Token>();
        var at = 0;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c)) at++;
            else if (char.IsAsciiLetter(c) || c == '_') tokens.Add(Name(text, ref at));
            else if (char.IsAsciiDigit(c)) tokens.Add(Number(text, ref at));
            else if (c is '"' or '\'') tokens.Add(Quoted(text, ref at));
            else tokens.Add(Symbol(text, ref at));
        }

        tokens.Add(new Token(TokenKind.End, "", text.Length));
        return tokens;
    }

    private static Token Name(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'
            || (text[at] == '-' && at + 1 < text.Length && char.IsAsciiLetter(text[at + 1]) && start < at && IsPathPart(text, start)))) at++;
        return new Token(TokenKind.Name, text[start..at], start);
    }

    /// <summary>A hyphen belongs to a name only after a dot: step ids may have one, a minus sign stays a minus sign.</summary>
    private static bool IsPathPart(string text, int start) => start > 0 && text[start - 1] == '.';

    private static Token Number(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || (text[at] == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))) at++;
        if (!decimal.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
            throw new ExpressionException("EXPRESSION_ERROR", $"'{text[start..at]}' at position {start} is no number.");
        return new Token(TokenKind.Number, text[start..at], start);
    }

    private static Token Quoted(string text, ref int at)
    {
        var start = at;
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
                value.Append(text[at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
            }
            else
            {
                value.Append(text[at]);
            }

            at++;
        }

        if (at >= text.Length) throw new ExpressionException("EXPRESSION_ERROR", $"The text that begins at position {start} has no end.");
        at++;
        return new Token(TokenKind.Text, value.ToString(), start);
    }

    private static Token Symbol(string text, ref int at)
    {
        foreach (var pair in Pairs)
        {
            if (string.CompareOrdinal(text, at, pair, 0, 2) != 0) continue;
            at += 2;
            return new Token(TokenKind.Symbol, pair, at - 2);
        }

        if ("<>!+-*/%()[].,?:".IndexOf(text[at]) < 0)
            throw new ExpressionException("EXPRESSION_ERROR", $"'{text[at]}' at position {at} has no meaning here.");
        at++;
        return new Token(TokenKind.Symbol, text[at - 1].ToString(), at - 1);
    }
}
