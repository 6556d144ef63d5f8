using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One evaluation: its scope and the steps it has left.</summary>
internal sealed class Evaluation(IScope scope)
{
    /// <summary>Operations of one evaluation.</summary>
    internal const int StepsMax = 100_000;

    private int steps;

    public IScope Scope { get; } = scope;

    public void Step(int count = 1)
    {
        steps += count;
        if (steps > StepsMax) throw new ExpressionException("EXPRESSION_ERROR", $"The expression takes more than {StepsMax} operations.");
    }
}

/// <summary>A parsed expression. A null value means: the reference leads nowhere.</summary>
internal abstract record Node
{
    public abstract JsonElement? Evaluate(Evaluation on);

    /// <summary>The value, where a missing reference is an error.</summary>
    public JsonElement Value(Evaluation on)
    {
        on.Step();
        return Evaluate(on) ?? throw new ExpressionException("INVALID_REFERENCE", $"{this} leads nowhere.");
    }
}

internal sealed record Literal(JsonElement Constant) : Node
{
    public override JsonElement? Evaluate(Evaluation on) => Constant;

    public override string ToString() => Constant.GetRawText();
}

internal sealed record Name(string Id) : Node
{
    public override JsonElement? Evaluate(Evaluation on) => on.Scope.Resolve(Id);

    public override string ToString() => Id;
}

/// <summary><c>steps.ID.member</c>, read lazily so that results are not copied.</summary>
internal sealed record StepMember(string Id, string Member) : Node
{
    public override JsonElement? Evaluate(Evaluation on) => on.Scope.Step(Id, Member);

    public override string ToString() => $"steps.{Id}.{Member}";
}

internal sealed record Member(Node Of, Node Key) : Node
{
    public override JsonElement? Evaluate(Evaluation on)
    {
        on.Step();
        if (Of.Evaluate(on) is not { } value) return null;
        var key = Key.Value(on);
        if (key.ValueKind == JsonValueKind.String) return value.Get(key.GetString()!);
        if (value.ValueKind != JsonValueKind.Array || !key.TryGetInt32(out var index)) return null;
        if (Of is StepMember step && on.Scope.List(step.Id, step.Member) is { } list)
        {
            if (index < 0) index += list.Count;
            return index >= 0 && index < list.Count ? list[index] : null;
        }

        var length = value.GetArrayLength();
        if (index < 0) index += length;
        return index >= 0 && index < length ? value[index] : null;
    }

    public override string ToString() => $"{Of}[{Key}]";
}

/// <summary><c>[*]</c>: the rest of the path for every element.</summary>
internal sealed record Each(Node Of, Func<Node, Node> Rest) : Node
{
    public override JsonElement? Evaluate(Evaluation on)
    {
        if (Of.Evaluate(on) is not { ValueKind: JsonValueKind.Array } list) return null;
        on.Step(list.GetArrayLength());
        return Json.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var item in list.EnumerateArray())
            {
                if (Rest(new Literal(item)).Evaluate(on) is { } value) value.WriteTo(writer);
                else writer.WriteNullValue();
            }

            writer.WriteEndArray();
        });
    }

    public override string ToString() => $"{Of}[*]";
}

internal sealed record Unary(char Operator, Node Of) : Node
{
    public override JsonElement? Evaluate(Evaluation on) => Operator == '!'
        ? Json.Of(!Operators.Truth(Of.Value(on)))
        : Json.Of(-Operators.Number(Of.Value(on)));

    public override string ToString() => $"{Operator}{Of}";
}

internal sealed record Binary(string Operator, Node Left, Node Right) : Node
{
    public override JsonElement? Evaluate(Evaluation on)
    {
        if (Operator == "&&") return Json.Of(Operators.Truth(Left.Value(on)) && Operators.Truth(Right.Value(on)));
        if (Operator == "||") return Json.Of(Operators.Truth(Left.Value(on)) || Operators.Truth(Right.Value(on)));
        return Operators.Apply(Operator, Left.Value(on), Right.Value(on));
    }

    public override string ToString() => $"{Left} {Operator} {Right}";
}

internal sealed record Choice(Node If, Node Then, Node Else) : Node
{
    public override JsonElement? Evaluate(Evaluation on) => Operators.Truth(If.Value(on)) ? Then.Value(on) : Else.Value(on);

    public override string ToString() => $"{If} ? {Then} : {Else}";
}

internal sealed record ListOf(IReadOnlyList<Node> Items) : Node
{
    public override JsonElement? Evaluate(Evaluation on) => Functions.List(Items.Select(item => item.Value(on)));
}

internal sealed record Call(string Function, IReadOnlyList<Node> Arguments) : Node
{
    public override JsonElement? Evaluate(Evaluation on)
    {
        on.Step();
        if (Function == "has") return Json.Of(Arguments[0].Evaluate(on) is { ValueKind: not JsonValueKind.Null });
        if (Function == "default")
            return Arguments[0].Evaluate(on) is { ValueKind: not JsonValueKind.Null } value ? value : Arguments[1].Value(on);
        return Functions.Apply(Function, [.. Arguments.Select(argument => argument.Value(on))], on);
    }

    public override string ToString() => $"{Function}({string.Join(", ", Arguments)})";
}

internal static class Operators
{
    internal static bool Truth(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false", value),
    };

    internal static decimal Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : throw Wrong("a number", value);

    internal static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong("a text", value);

    internal static JsonElement Apply(string op, JsonElement left, JsonElement right)
    {
        switch (op)
        {
            case "==": return Json.Of(Equal(left, right));
            case "!=": return Json.Of(!Equal(left, right));
            case "in": return Json.Of(Functions.Contains(right, left));
            case "+" when left.ValueKind == JsonValueKind.String && right.ValueKind == JsonValueKind.String:
                return Json.Of(left.GetString() + right.GetString());
            case "<" or "<=" or ">" or ">=":
                var order = Compare(left, right);
                return Json.Of(op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 });
        }

        var (a, b) = (Number(left), Number(right));
        if (b == 0 && op is "/" or "%" && b == 0) throw new ExpressionException("EXPRESSION_ERROR", "A division by zero.");
        try
        {
            return Json.Of(op switch { "+" => a + b, "-" => a - b, "*" => a * b, "/" => a / b, _ => a % b });
        }
        catch (OverflowException)
        {
            throw new ExpressionException("EXPRESSION_ERROR", "A number beyond ±7.9·10²⁸.");
        }
    }

    internal static bool Equal(JsonElement left, JsonElement right) => JsonElement.DeepEquals(left, right);

    internal static int Compare(JsonElement left, JsonElement right)
    {
        if (left.ValueKind == JsonValueKind.String && right.ValueKind == JsonValueKind.String)
            return string.CompareOrdinal(left.GetString(), right.GetString());
        return Number(left).CompareTo(Number(right));
    }

    internal static ExpressionException Wrong(string wanted, JsonElement got) =>
        new("EXPRESSION_ERROR", string.Create(CultureInfo.InvariantCulture, $"{wanted} is needed, not {Kind(got)}."));

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
