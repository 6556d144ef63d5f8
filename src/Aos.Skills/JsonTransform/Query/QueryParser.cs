using System.Globalization;
using Aos.Kernel;

namespace Aos.Skills.Query;

/// <summary>Reads a query into filters. Precedence, loosest first: <c>|</c>, <c>,</c>, <c>//</c>, <c>or</c>, <c>and</c>, comparison, <c>+ -</c>, <c>* / %</c>.</summary>
internal sealed class QueryParser
{
    private const int DepthMax = 64;
    private const int NodesMax = 1_000;

    private static readonly string[] Refused = ["as", "def", "reduce", "foreach", "try", "catch", "label", "import", "include", "input", "inputs", "env"];

    private readonly List<Token> tokens;
    private int at;
    private int depth;
    private int nodes;

    internal QueryParser(string query)
    {
        if (query.Length > JsonQuery.TextMax) throw TransformException.Request($"The query is longer than {JsonQuery.TextMax} characters.");
        tokens = QueryLexer.Read(query);
    }

    private Token Now => tokens[at];

    internal Filter Parse()
    {
        var filter = Pipe();
        return Now.Kind == TokenKind.End ? filter : throw Unexpected();
    }

    private Filter Pipe()
    {
        Descend();
        var left = Comma();
        while (Take("|")) left = Count(new Pipe(left, Comma()));
        depth--;
        return left;
    }

    private Filter Comma()
    {
        var left = Alternative();
        while (Take(",")) left = Count(new Comma(left, Alternative()));
        return left;
    }

    private Filter Alternative()
    {
        var left = Or();
        return Take("//") ? Count(new Alternative(left, Nested(Alternative))) : left;
    }

    private Filter Or()
    {
        var left = And();
        while (TakeWord("or")) left = Count(new Logic(left, And(), IsAnd: false));
        return left;
    }

    private Filter And()
    {
        var left = Comparison();
        while (TakeWord("and")) left = Count(new Logic(left, Comparison(), IsAnd: true));
        return left;
    }

    private Filter Comparison()
    {
        var left = Sum();
        foreach (var op in (ReadOnlySpan<string>)["==", "!=", "<=", ">=", "<", ">"])
        {
            if (Take(op)) return Count(new Operation(op, left, Sum()));
        }

        return left;
    }

    private Filter Sum()
    {
        var left = Product();
        while (Now.Is("+") || Now.Is("-")) left = Count(new Operation(Shift().Text, left, Product()));
        return left;
    }

    private Filter Product()
    {
        var left = Postfix();
        while (Now.Is("*") || Now.Is("/") || Now.Is("%")) left = Count(new Operation(Shift().Text, left, Postfix()));
        return left;
    }

    private Filter Postfix()
    {
        var term = Take("-") ? Count(new Operation("-", new Constant(Json.Of(0m)), Nested(Postfix))) : Term();
        while (true)
        {
            if (Now.Kind == TokenKind.Field) term = Count(new Member(term, Shift().Text));
            else if (Take("?")) term = Count(new Tolerant(term));
            else if (Now.Is("[")) term = Bracket(term);
            else if (Now.Is(".") && tokens[at + 1].Is("["))
            {
                at++;
                term = Bracket(term);
            }
            else return term;
        }
    }

    private Filter Term()
    {
        var token = Shift();
        switch (token.Kind)
        {
            case TokenKind.Field: return Count(new Member(Identity.Same, token.Text));
            case TokenKind.Text: return Count(new Constant(Json.Of(token.Text)));
            case TokenKind.Number: return Count(new Constant(Json.Of(decimal.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture))));
            case TokenKind.Name: return Named(token);
        }

        switch (token.Text)
        {
            case ".": return Identity.Same;
            case "(":
                var inner = Pipe();
                Demand(")");
                return inner;
            case "[":
                if (Take("]")) return new Constant(Json.EmptyArray);
                var items = Pipe();
                Demand("]");
                return Count(new ListOf(items));
            case "{": return Members();
        }

        at--;
        throw Unexpected();
    }

    private Filter Named(Token name)
    {
        switch (name.Text)
        {
            case "null": return new Constant(Json.Null);
            case "true": return new Constant(Json.True);
            case "false": return new Constant(Json.False);
            case "if": return If();
        }

        if (Refused.Contains(name.Text)) throw TransformException.Request($"{name.Text} is not supported in queries (position {name.At}).");
        var arguments = new List<Filter>();
        if (Take("("))
        {
            do arguments.Add(Pipe());
            while (Take(";"));
            Demand(")");
        }

        return Count(Builtins.Find(name.Text, arguments)
            ?? throw TransformException.Request($"There is no function {name.Text} with {arguments.Count} arguments (position {name.At})."));
    }

    private Filter If()
    {
        Descend();
        var when = Pipe();
        DemandWord("then");
        var then = Pipe();
        Filter otherwise;
        if (TakeWord("elif"))
        {
            otherwise = If();
        }
        else
        {
            otherwise = TakeWord("else") ? Pipe() : Identity.Same;
            DemandWord("end");
        }

        depth--;
        return Count(new Choice(when, then, otherwise));
    }

    private Filter Bracket(Filter of)
    {
        Demand("[");
        if (Take("]")) return Count(new Each(of));
        Filter? from = Now.Is(":") ? null : Pipe();
        if (!Take(":"))
        {
            Demand("]");
            return Count(new Index(of, from!));
        }

        Filter? to = Now.Is("]") ? null : Pipe();
        Demand("]");
        return Count(new Slice(of, from, to));
    }

    private Filter Members()
    {
        Descend();
        var members = new List<(Filter Name, Filter Value)>();
        while (!Take("}"))
        {
            if (members.Count > 0) Demand(",");
            members.Add(OneMember());
        }

        depth--;
        return Count(new ObjectOf(members));
    }

    private (Filter Name, Filter Value) OneMember()
    {
        if (Take("("))
        {
            var computed = Pipe();
            Demand(")");
            Demand(":");
            return (computed, Alternative());
        }

        var token = Shift();
        if (token.Kind is not (TokenKind.Name or TokenKind.Text))
        {
            at--;
            throw Unexpected();
        }

        var name = new Constant(Json.Of(token.Text));
        return (name, Take(":") ? Alternative() : new Member(Identity.Same, token.Text));
    }

    private Filter Nested(Func<Filter> read)
    {
        Descend();
        var filter = read();
        depth--;
        return filter;
    }

    private void Descend()
    {
        if (++depth > DepthMax) throw TransformException.Request($"The query is nested deeper than {DepthMax} levels.");
    }

    private Filter Count(Filter filter) =>
        ++nodes <= NodesMax ? filter : throw TransformException.Request($"The query has more than {NodesMax} parts.");

    private Token Shift() => tokens[at] is { Kind: TokenKind.End } ? throw Unexpected() : tokens[at++];

    private bool Take(string mark)
    {
        if (!Now.Is(mark)) return false;
        at++;
        return true;
    }

    private bool TakeWord(string word)
    {
        if (!Now.IsWord(word)) return false;
        at++;
        return true;
    }

    private void Demand(string mark)
    {
        if (!Take(mark)) throw TransformException.Request($"The query has {Now.Text} at position {Now.At} where {mark} must be.");
    }

    private void DemandWord(string word)
    {
        if (!TakeWord(word)) throw TransformException.Request($"The query has {Now.Text} at position {Now.At} where {word} must be.");
    }

    private TransformException Unexpected() => TransformException.Request($"The query has {Now.Text} at position {Now.At}, where it makes no sense.");
}
