using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>The expression language: docs/plans.md. No loops, no I/O; bounded in size and operations, so it always ends.</summary>
public static class Expression
{
    /// <summary>Longest expression, characters.</summary>
    public const int CharsMax = 4_096;

    /// <summary>Evaluates, or says what is wrong.</summary>
    public static Evaluated Evaluate(string text, IScope scope)
    {
        try
        {
            return new Evaluated(Parser.Parse(text).Value(new Evaluation(scope)), null);
        }
        catch (ExpressionException e)
        {
            return new Evaluated(null, FailureCatalog.Fail(e.Code, $"In '{text}': {e.Message}"));
        }
        catch (Exception e) when (e is CanonicalJsonException or OverflowException)
        {
            return new Evaluated(null, FailureCatalog.Fail("EXPRESSION_ERROR", $"In '{text}': {e.Message}"));
        }
    }

    /// <summary>What is wrong with the text of an expression, or null.</summary>
    public static string? Problem(string text)
    {
        try
        {
            Parser.Parse(text);
            return null;
        }
        catch (ExpressionException e)
        {
            return e.Message;
        }
    }

    /// <summary>What the expression refers to; nothing when it cannot be parsed.</summary>
    internal static References References(string text)
    {
        try
        {
            var parser = new Parser(Lexer.Read(text));
            parser.ParseAll();
            return new References(parser.Steps, parser.Names, parser.Memory, parser.KeyProblem);
        }
        catch (ExpressionException)
        {
            return Kernel.References.None;
        }
    }
}

/// <summary>Recursive descent, one method a level of precedence.</summary>
internal sealed partial class Parser(List<Token> tokens)
{
    private const int DepthMax = 64;
    private static readonly string[] StepMembers = ["result", "results", "outcome", "status", "cost_cents"];
    private int at;
    private int depth;

    internal List<string> Steps { get; } = [];

    internal List<string> Names { get; } = [];

    internal static Node Parse(string text)
    {
        if (text.Length > Expression.CharsMax)
            throw new ExpressionException("EXPRESSION_ERROR", $"The expression is longer than {Expression.CharsMax} characters.");
        return new Parser(Lexer.Read(text)).ParseAll();
    }

    internal Node ParseAll()
    {
        var node = Choice();
        if (Now.Kind != TokenKind.End) throw Unexpected();
        return node;
    }

    private Token Now => tokens[at];

    private Node Choice()
    {
        if (++depth > DepthMax) throw new ExpressionException("EXPRESSION_ERROR", $"Nested deeper than {DepthMax}.");
        var node = Or();
        if (Take("?"))
        {
            var then = Choice();
            Expect(":");
            node = new Choice(node, then, Choice());
        }

        depth--;
        return node;
    }

    private Node Or() => Chain(And, "||");

    private Node And() => Chain(Equality, "&&");

    private Node Equality() => Chain(Comparison, "==", "!=");

    private Node Comparison() => Chain(Sum, "<", "<=", ">", ">=", "in");

    private Node Sum() => Chain(Product, "+", "-");

    private Node Product() => Chain(Prefix, "*", "/", "%");

    private Node Chain(Func<Node> next, params ReadOnlySpan<string> operators)
    {
        var node = next();
        while (Now.Kind is TokenKind.Symbol or TokenKind.Name && operators.Contains(Now.Text))
        {
            var op = tokens[at++].Text;
            node = new Binary(op, node, next());
        }

        return node;
    }

    private Node Prefix()
    {
        if (++depth > DepthMax) throw new ExpressionException("EXPRESSION_ERROR", $"Nested deeper than {DepthMax}.");
        var node = Take("!") ? new Unary('!', Prefix()) : Take("-") ? new Unary('-', Prefix()) : Path(Primary());
        depth--;
        return node;
    }

    private Node Path(Node node)
    {
        while (true)
        {
            if (Take("."))
            {
                if (Now.Kind is not (TokenKind.Name or TokenKind.Number)) throw Unexpected();
                node = new Member(node, new Literal(Json.Of(tokens[at++].Text)));
            }
            else if (Take("["))
            {
                if (Take("*"))
                {
                    Expect("]");
                    return EachOf(node);
                }

                var key = Choice();
                Expect("]");
                node = new Member(node, key);
            }
            else
            {
                return node;
            }
        }
    }

    private Each EachOf(Node node)
    {
        // The rest of the path is parsed once and rebuilt for each element.
        var start = at;
        Path(new Literal(Json.Null));
        var end = at;
        return new Each(node, element =>
        {
            var rest = new Parser([.. tokens[start..end], new Token(TokenKind.End, "", 0)]);
            return rest.Path(element);
        });
    }

    private Node Primary()
    {
        var token = tokens[at];
        switch (token.Kind)
        {
            case TokenKind.Number:
                at++;
                return new Literal(Json.Of(decimal.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Text:
                at++;
                return new Literal(Json.Of(token.Text));
            case TokenKind.Name:
                at++;
                return Named(token);
            case TokenKind.Symbol when token.Text == "(":
                at++;
                var inner = Choice();
                Expect(")");
                return inner;
            case TokenKind.Symbol when token.Text == "[":
                at++;
                return new ListOf(Arguments("]"));
            default:
                throw Unexpected();
        }
    }

    private Node Named(Token token)
    {
        switch (token.Text)
        {
            case "true": return new Literal(Json.True);
            case "false": return new Literal(Json.False);
            case "null": return new Literal(Json.Null);
            case "steps": return StepPath(token);
            case "memory": return MemoryEntry();
        }

        if (Take("(")) return FunctionCall(token);
        InKey(token.Text);
        Names.Add(token.Text);
        return new Name(token.Text);
    }

    private StepMember StepPath(Token token)
    {
        string id;
        if (Take(".")) id = tokens[at].Kind is TokenKind.Name or TokenKind.Number ? tokens[at++].Text : throw Unexpected();
        else if (Take("[") && tokens[at].Kind == TokenKind.Text)
        {
            id = tokens[at++].Text;
            Expect("]");
        }
        else throw new ExpressionException("EXPRESSION_ERROR", $"steps at position {token.At} needs a step id: steps.ID.result.");

        Steps.Add(id);
        if (!Take(".") || !StepMembers.Contains(Now.Text))
            throw new ExpressionException("INVALID_REFERENCE", $"steps.{id} needs one of {string.Join(", ", StepMembers)} after it.");
        return new StepMember(id, tokens[at++].Text);
    }

    private Call FunctionCall(Token token)
    {
        if (token.Text is "now" or "uuid") InKey($"{token.Text}()");
        if (!Functions.Arity.TryGetValue(token.Text, out var arity))
            throw new ExpressionException("EXPRESSION_ERROR", $"There is no function {token.Text}.");
        var arguments = Arguments(")");
        if (arguments.Count < arity.Min || arguments.Count > arity.Max)
            throw new ExpressionException("EXPRESSION_ERROR", $"{token.Text} takes {arity.Min} to {arity.Max} arguments, not {arguments.Count}.");
        return new Call(token.Text, arguments);
    }

    private List<Node> Arguments(string end)
    {
        var arguments = new List<Node>();
        if (Take(end)) return arguments;
        do arguments.Add(Choice());
        while (Take(","));
        Expect(end);
        return arguments;
    }

    private bool Take(string symbol)
    {
        if (Now.Kind != TokenKind.Symbol || Now.Text != symbol) return false;
        at++;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol)) throw new ExpressionException("EXPRESSION_ERROR", $"'{symbol}' is missing at position {Now.At}.");
    }

    private ExpressionException Unexpected() => Now.Kind == TokenKind.End
        ? new ExpressionException("EXPRESSION_ERROR", "The expression ends too early.")
        : new ExpressionException("EXPRESSION_ERROR", $"'{Now.Text}' at position {Now.At} is not expected.");
}
