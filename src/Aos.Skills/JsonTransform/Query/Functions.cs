using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills.Query;

/// <summary><c>empty</c></summary>
internal sealed record Nothing : Filter
{
    internal override Yield Yield => Yield.AtMostOne;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) => [];
}

/// <summary>A function of the input alone.</summary>
internal sealed record Function(Func<JsonElement, JsonElement> Of) : Filter
{
    internal override Yield Yield => Yield.One;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        yield return budget.Made(Of(input));
    }
}

/// <summary>A function of the input and one argument.</summary>
internal sealed record FunctionOfOne(Func<JsonElement, JsonElement, JsonElement> Of, Filter Argument) : Filter
{
    internal override Yield Yield => Argument.Yield;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) => Argument.Run(input, budget).Select(argument => budget.Made(Of(input, argument)));
}

/// <summary><c>select(a)</c></summary>
internal sealed record Select(Filter When) : Filter
{
    internal override Yield Yield => When.Yield == Yield.Many ? Yield.Many : Yield.AtMostOne;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var when in When.Run(input, budget))
        {
            budget.Spend();
            if (Values.IsTrue(when)) yield return input;
        }
    }
}

/// <summary><c>first(a)</c> and <c>limit(n; a)</c>: no more of a is run than is wanted.</summary>
internal sealed record Limit(Filter Count, Filter Of, Yield Gives) : Filter
{
    internal override Yield Yield => Gives;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget) =>
        Count.Run(input, budget).SelectMany(count => Of.Run(input, budget).Take((int)Math.Clamp(Values.Number(count), 0, QueryBudget.StepsMax)));
}

/// <summary><c>range(from; to)</c></summary>
internal sealed record Range(Filter From, Filter To) : Filter
{
    internal override Yield Yield => Yield.Many;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        foreach (var from in From.Run(input, budget))
        {
            foreach (var to in To.Run(input, budget))
            {
                var end = Values.Number(to);
                for (var at = Values.Number(from); at < end; at++) yield return budget.Made(Json.Of(at));
            }
        }
    }
}

/// <summary><c>map_values(a)</c>: each value becomes the first of a, or goes.</summary>
internal sealed record MapValues(Filter Of) : Filter
{
    internal override Yield Yield => Yield.One;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        if (input.ValueKind == JsonValueKind.Array)
        {
            yield return budget.Made(Arrays.List(input.EnumerateArray().SelectMany(item => Of.Run(item, budget).Take(1))));
            yield break;
        }

        if (input.ValueKind != JsonValueKind.Object) throw TransformException.Shape($"{Values.Kind(input)} has no items.");
        yield return budget.Made(Values.Object(input.EnumerateObject().SelectMany(member => Of.Run(member.Value, budget).Take(1).Select(value => (member.Name, value)))));
    }
}

/// <summary>A function of a list and a key of each of its items; a key that gives several values is the list of them.</summary>
internal sealed record Keyed(Filter By, Func<List<(JsonElement Item, JsonElement Key)>, JsonElement> Of) : Filter
{
    internal override Yield Yield => Yield.One;

    internal override IEnumerable<JsonElement> Run(JsonElement input, QueryBudget budget)
    {
        var keys = new ListOf(By);
        yield return budget.Made(Of([.. Values.List(input).Select(item => (item, keys.Run(item, budget).Single()))]));
    }
}
