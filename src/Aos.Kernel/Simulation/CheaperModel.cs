using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A model of the same provider that a call costs less with.</summary>
internal static class CheaperModel
{
    /// <summary>The cheapest for these parameters, of two that cost the same the first by name; null: none is cheaper, or nobody knows the provider.</summary>
    internal static string? Of(SimulatorFacts facts, string skill, JsonElement parameters)
    {
        var price = facts.Price(skill);
        if (price.Bound is not { Prices.IsEmpty: false } bound || facts.Models is not { } table || Provider(table, bound, parameters) is not { } provider) return null;
        var (best, least) = ((string?)null, Pricing.Call(price, parameters));
        foreach (var model in table.All)
        {
            if (model.Provider != provider || model.Model == "*" || !bound.Prices.ContainsKey(model.Model)) continue;
            var cost = Pricing.Call(price, With(parameters, model.Model));
            if (cost < least) (best, least) = (model.Model, cost);
        }

        return best;
    }

    /// <summary>The step with this model named.</summary>
    internal static PlanStep Named(PlanStep step, string model) => step with { Params = With(step.Params, model) };

    private static string? Provider(PriceTable table, CostModel bound, JsonElement parameters)
    {
        var named = (parameters.GetText("provider") ?? parameters.GetText("adapter"))?.ToLowerInvariant();
        if (named is not null) return named == "claude" ? "anthropic" : named;
        var model = parameters.GetText("model") ?? bound.ModelDefault;
        return table.All.FirstOrDefault(price => model is not null && price.Is(model))?.Provider;
    }

    private static JsonElement With(JsonElement parameters, string model) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in parameters.EnumerateObject())
        {
            if (member.Name != "model") member.WriteTo(writer);
        }

        writer.WriteString("model", model);
        writer.WriteEndObject();
    });
}
