using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills.Query;

/// <summary>A part of a query: takes one value and gives none, one or many.</summary>
internal abstract record Filter
{
    internal abstract Yield Yield { get; }

    internal abstract IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget);

    /// <summary>How many values come of a filter applied to each value of another.</summary>
    protected static Yield Both(Yield left, Yield right) => left > right ? left : right;
}

/// <summary><c>.</c></summary>
internal sealed record Identity : Filter
{
    internal static Identity Same { get; } = new();

    internal override Yield Yield => Yield.One;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) => [input];
}

internal sealed record Constant(JsonElement Value) : Filter
{
    internal override Yield Yield => Yield.One;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) => [Value];
}

/// <summary><c>a | b</c></summary>
internal sealed record Pipe(Filter Left, Filter Right) : Filter
{
    internal override Yield Yield => Both(Left.Yield, Right.Yield);

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var value in Left.Run(input, budget))
        {
            budget.Spend();
            foreach (var result in Right.Run(value, budget)) yield return result;
        }
    }
}

/// <summary><c>a, b</c></summary>
internal sealed record Comma(Filter Left, Filter Right) : Filter
{
    internal override Yield Yield => Yield.Many;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) => Left.Run(input, budget).Concat(Right.Run(input, budget));
}

/// <summary><c>a // b</c>: what of a is neither null nor false, else b.</summary>
internal sealed record Alternative(Filter Left, Filter Right) : Filter
{
    internal override Yield Yield => Left.Yield == Yield.Many ? Yield.Many : Right.Yield;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        var good = new Tolerant(Left).Run(input, budget).Where(Values.IsTrue).ToList();
        return good.Count > 0 ? good : Right.Run(input, budget);
    }
}

/// <summary><c>a and b</c>, <c>a or b</c></summary>
internal sealed record Logic(Filter Left, Filter Right, bool IsAnd) : Filter
{
    internal override Yield Yield => Both(Left.Yield, Right.Yield);

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var left in Left.Run(input, budget))
        {
            budget.Spend();
            if (Values.IsTrue(left) != IsAnd) yield return Json.Of(!IsAnd);
            else foreach (var right in Right.Run(input, budget)) yield return Json.Of(Values.IsTrue(right));
        }
    }
}

/// <summary>Comparison and arithmetic.</summary>
internal sealed record Operation(string Op, Filter Left, Filter Right) : Filter
{
    internal override Yield Yield => Both(Left.Yield, Right.Yield);

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var right in Right.Run(input, budget))
        {
            foreach (var left in Left.Run(input, budget)) yield return budget.Made(Values.Apply(Op, left, right));
        }
    }
}

/// <summary><c>.name</c></summary>
internal sealed record Member(Filter Of, string Name) : Filter
{
    internal override Yield Yield => Of.Yield;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var value in Of.Run(input, budget))
        {
            budget.Spend();
            yield return value.ValueKind switch
            {
                JsonValueKind.Object => value.Get(Name) ?? Json.Null,
                JsonValueKind.Null => Json.Null,
                _ => throw TransformException.Shape($".{Name} of {Values.Kind(value)}."),
            };
        }
    }
}

/// <summary><c>.[key]</c> and <c>.[n]</c></summary>
internal sealed record Index(Filter Of, Filter Key) : Filter
{
    internal override Yield Yield => Both(Of.Yield, Key.Yield);

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var value in Of.Run(input, budget))
        {
            foreach (var key in Key.Run(input, budget))
            {
                budget.Spend();
                yield return Values.At(value, key);
            }
        }
    }
}

/// <summary><c>.[from:to]</c></summary>
internal sealed record Slice(Filter Of, Filter? From, Filter? To) : Filter
{
    internal override Yield Yield => Both(Of.Yield, Both(From?.Yield ?? Yield.One, To?.Yield ?? Yield.One));

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) =>
        from value in Of.Run(input, budget)
        from start in From?.Run(input, budget) ?? [Json.Null]
        from end in To?.Run(input, budget) ?? [Json.Null]
        select budget.Made(Values.Slice(value, start, end));
}

/// <summary><c>.[]</c></summary>
internal sealed record Each(Filter Of) : Filter
{
    internal override Yield Yield => Yield.Many;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var value in Of.Run(input, budget))
        {
            foreach (var item in Values.Items(value))
            {
                budget.Spend();
                yield return item;
            }
        }
    }
}

/// <summary><c>a?</c>: gives up quietly where a cannot go on.</summary>
internal sealed record Tolerant(Filter Of) : Filter
{
    internal override Yield Yield => Of.Yield == Yield.One ? Yield.AtMostOne : Of.Yield;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        using var values = Of.Run(input, budget).GetEnumerator();
        while (true)
        {
            try
            {
                if (!values.MoveNext()) yield break;
            }
            catch (TransformException)
            {
                budget.Spend(); // A budget that is spent stays spent: this throws again.
                yield break;
            }

            yield return values.Current;
        }
    }
}

/// <summary><c>[a]</c></summary>
internal sealed record ListOf(Filter Items) : Filter
{
    internal override Yield Yield => Yield.One;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        yield return budget.Made(Arrays.List(Items.Run(input, budget)));
    }
}

/// <summary><c>{a: b}</c>; a value that gives several makes an object of each.</summary>
internal sealed record ObjectOf(IReadOnlyList<(Filter Name, Filter Value)> Members) : Filter
{
    internal override Yield Yield => Members.Aggregate(Yield.One, (sum, member) => Both(sum, Both(member.Name.Yield, member.Value.Yield)));

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) => Run(input, budget, 0, []);

    private IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget, int at, List<(string, JsonElement)> made)
    {
        if (at == Members.Count)
        {
            yield return budget.Made(Values.Object(made));
            yield break;
        }

        foreach (var name in Members[at].Name.Run(input, budget))
        {
            if (name.ValueKind != JsonValueKind.String) throw TransformException.Shape($"{Values.Kind(name)} stands where a member's name must be.");
            foreach (var value in Members[at].Value.Run(input, budget))
            {
                made.Add((name.GetString()!, value));
                foreach (var result in Run(input, budget, at + 1, made)) yield return result;
                made.RemoveAt(made.Count - 1);
            }
        }
    }
}

/// <summary><c>if a then b else c end</c></summary>
internal sealed record Choice(Filter When, Filter Then, Filter Otherwise) : Filter
{
    internal override Yield Yield => Both(When.Yield, Both(Then.Yield, Otherwise.Yield));

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) =>
        When.Run(input, budget).SelectMany(when => (Values.IsTrue(when) ? Then : Otherwise).Run(input, budget));
}
