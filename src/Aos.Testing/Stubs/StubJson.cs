using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Testing;

/// <summary><c>json_transform</c>: a recorded result where a pattern stands in the parameters, else the transformation itself, which has no world to ask.</summary>
public sealed class StubJson : StubSkill
{
    private readonly Shaper shaper;

    public StubJson()
        : this(new StubFaults())
    {
    }

    private StubJson(StubFaults faults)
        : this(faults, new Shaper(faults))
    {
    }

    private StubJson(StubFaults faults, Shaper shaper)
        : base(faults, new Registered<JsonTransformIn, JsonTransformOut>("json_transform", () => shaper)) => this.shaper = shaper;

    /// <summary>Records a result.</summary>
    /// <param name="pattern">A part of the data as canonical JSON, or the name of an operation; whatever case.</param>
    /// <param name="result">JSON.</param>
    public StubJson Answer(string pattern, string result)
    {
        shaper.Recorded.Enqueue((pattern, Json.Parse(result)));
        return this;
    }

    /// <summary>Has transformations fail.</summary>
    /// <param name="code">Of the catalog, such as <c>TRANSFORM_ERROR</c>, or an older name of one.</param>
    /// <param name="times">So often, then they succeed.</param>
    public StubJson AddError(string pattern, string code, string message = "The stub says so.", int times = int.MaxValue)
    {
        Faults.Add(pattern, code, message, times, null);
        return this;
    }

    private sealed class Shaper(StubFaults faults) : ISkill<JsonTransformIn, JsonTransformOut>
    {
        private readonly JsonTransform real = new();

        internal ConcurrentQueue<(string Pattern, JsonElement Result)> Recorded { get; } = new();

        public SkillContract Contract => real.Contract;

        public JsonTypeInfo<JsonTransformIn> Input => real.Input;

        public JsonTypeInfo<JsonTransformOut> Output => real.Output;

        public async Task<SkillAnswer<JsonTransformOut>> InvokeAsync(JsonTransformIn input, SkillCall call, CancellationToken cancel)
        {
            var data = new[] { input.Data, input.Input, input.Payload }.FirstOrDefault(value => value.ValueKind != JsonValueKind.Undefined);
            var text = $"{input.Operation ?? "query"} {(data.ValueKind == JsonValueKind.Undefined ? "" : CanonicalJson.Text(data))}";
            if (faults.Next(text) is { } fault) return new SkillAnswer<JsonTransformOut>(null, fault);
            var found = Recorded.FirstOrDefault(recorded => text.Contains(recorded.Pattern, StringComparison.OrdinalIgnoreCase));
            if (found.Pattern is null) return await real.InvokeAsync(input, call, cancel);
            return new SkillAnswer<JsonTransformOut>(new JsonTransformOut(
                found.Result, ContentHash.Short(found.Result), input.Operation ?? "query", "ok", true, text.Length, CanonicalJson.Bytes(found.Result).Length, null));
        }
    }
}
