using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>The simulator's facts of this house: contracts over the price table, settings over both.</summary>
internal static class HouseFacts
{
    /// <param name="models">The prices of models; null: no model can be asked here.</param>
    internal static SimulatorFacts Of(ISkills skills, CostSimOptions options, PriceTable? models)
    {
        var terms = skills.Terms;
        var prices = TypicalFigures.Rows.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, contract) in skills.Contracts) prices[name] = Price(contract, prices.GetValueOrDefault(name));
        foreach (var (name, cents) in options.SkillCents)
            prices[name] = prices.GetValueOrDefault(name, TypicalFigures.Unknown with { Skill = name }) with { Cents = cents };
        return new SimulatorFacts(
            terms, prices.ToFrozenDictionary(StringComparer.Ordinal), options.Limits(), options.RiskThreshold,
            new Lazy<ImmutableSortedDictionary<string, string>>(() => Versions(skills.Contracts, prices, options, models)))
        {
            TargetParam = skills.TargetParam,
            Models = models,
        };
    }

    private static SkillPrice Price(SkillContract contract, SkillPrice? row)
    {
        // Of equally probable failures the one that clients know from the table stands first.
        var risks = contract.FailureModes
            .OrderBy(mode => mode.Code == row?.Worst.Code ? 0 : 1)
            .Select(mode => new SkillRisk(mode.Code, mode.Probability))
            .ToImmutableArray();
        return new SkillPrice(contract.Name, contract.TypicalCents, contract.TypicalLatencyMs, risks.IsEmpty && row is not null ? row.Risks : risks)
        {
            CentsPerThousandCharacters = row?.CentsPerThousandCharacters ?? 0,
            TimeoutBoundsLatency = row?.TimeoutBoundsLatency ?? false,
            Bound = contract.Cost,
            CachesAnswers = contract.CachesAnswers,
        };
    }

    private static ImmutableSortedDictionary<string, string> Versions(
        IReadOnlyDictionary<string, SkillContract> contracts, Dictionary<string, SkillPrice> prices, CostSimOptions options, PriceTable? models)
    {
        var versions = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        versions["simulator"] = Simulator.Version;
        versions["model"] = TypicalFigures.Version;
        versions["price_table"] = ContentHash.Short(Json.Write(writer => WritePrices(writer, prices)));
        if (models is not null) versions["model_prices"] = models.Version;
        versions["skills"] = ContentHash.Short(Json.Write(writer => WriteSkills(writer, contracts)));
        versions["limits"] = ContentHash.Short(Json.Write(writer => WriteLimits(writer, options)));
        return versions.ToImmutable();
    }

    private static void WritePrices(Utf8JsonWriter writer, Dictionary<string, SkillPrice> prices)
    {
        writer.WriteStartObject();
        foreach (var (name, price) in prices)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("cents", price.Cents);
            writer.WriteNumber("latency_ms", price.LatencyMs);
            writer.WriteNumber("per_thousand_characters", price.CentsPerThousandCharacters);
            writer.WriteStartObject("risks");
            foreach (var (code, probability) in price.Risks) writer.WriteNumber(code, (decimal)probability);
            writer.WriteEndObject();
            WriteBound(writer, price.Bound ?? CostModel.Free);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteBound(Utf8JsonWriter writer, CostModel bound)
    {
        writer.WriteNumber("base_cents", bound.BaseCents);
        writer.WriteNumber("cents_per_kb", bound.CentsPerKb);
        writer.WriteString("model", bound.ModelDefault);
        writer.WriteNumber("output_tokens", bound.OutputTokensDefault);
        writer.WriteStartObject("models");
        foreach (var (model, price) in bound.Prices)
        {
            writer.WriteStartArray(model);
            writer.WriteNumberValue(price.InputCentsPerMillion);
            writer.WriteNumberValue(price.OutputCentsPerMillion);
            if (price.CacheWriteCentsPerMillion is { } write) writer.WriteNumberValue(write);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteSkills(Utf8JsonWriter writer, IReadOnlyDictionary<string, SkillContract> contracts)
    {
        writer.WriteStartObject();
        foreach (var (name, contract) in contracts) writer.WriteString(name, contract.Version);
        writer.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter writer, CostSimOptions options)
    {
        writer.WriteStartObject();
        if (options.PerRunMaxCents is { } most) writer.WriteNumber("per_run", most);
        writer.WriteNumber("risk_threshold", (decimal)options.RiskThreshold);
        writer.WriteStartObject("models");
        foreach (var (model, max) in options.ModelMaxCents) writer.WriteNumber(model, max);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
