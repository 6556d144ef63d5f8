using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

internal sealed record BoundItem([StringLength(3)] string Name, List<BoundItem>? Inner = null);

internal sealed record BoundIn(
    [Range(0, double.MaxValue)] double? Real = null,
    [Range(typeof(decimal), "0.1", "9.5", MaximumIsExclusive = true)] decimal? Exact = null,
    [AllowedValues(1, 2, null)] int? One = null,
    [RegularExpression("[a-z]+")] string? Word = null,
    [MinLength(2)] string? Long = null,
    List<BoundItem>? Items = null,
    Dictionary<string, BoundItem>? Named = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BoundIn))]
internal sealed partial class BoundJson : JsonSerializerContext;

internal sealed class BoundSkill : ISkill<BoundIn, ScriptOut>
{
    public SkillContract Contract { get; } = Scripted.Plain with { Name = "bound" };

    public JsonTypeInfo<BoundIn> Input => BoundJson.Default.BoundIn;

    public JsonTypeInfo<ScriptOut> Output => ScriptJson.Default.ScriptOut;

    public Task<SkillAnswer<ScriptOut>> InvokeAsync(BoundIn input, SkillCall call, CancellationToken cancel) => Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut("done")));
}

/// <summary>Bounds of parameters as authors of skills write them.</summary>
[Trait("store", "none")]
public sealed class Bounds : IDisposable
{
    private readonly SkillRoom room = new([], aos => aos.AddSkill("bound", _ => new BoundSkill()));

    public void Dispose() => room.Dispose();

    [Fact]
    [Trait("id", "F5.65-27")]
    public void Every_form_of_a_bound_has_its_schema()
    {
        var properties = room.Skills.All["bound"].InputSchema.GetProperty("properties");

        Assert.Equal((0, null), (properties.GetProperty("real").GetProperty("minimum").GetDecimal(), properties.GetProperty("real").Get("maximum")));
        Assert.Equal((0.1m, 9.5m), (properties.GetProperty("exact").GetProperty("minimum").GetDecimal(), properties.GetProperty("exact").GetProperty("exclusiveMaximum").GetDecimal()));
        Assert.Equal("[1,2,null]", properties.GetProperty("one").GetProperty("enum").GetRawText());
        Assert.Equal("^(?:[a-z]+)$", properties.GetProperty("word").GetText("pattern"));
    }

    [Theory]
    [InlineData("""{"real":1e9,"exact":9.4,"one":2,"word":"abc","long":"ab","items":[{"name":"abc","inner":[{"name":"a"}]}],"named":{"x":{"name":"a"}}}""", null)]
    [InlineData("""{"real":-1}""", "real")]
    [InlineData("""{"exact":9.5}""", "exact")]
    [InlineData("""{"one":3}""", "one")]
    [InlineData("""{"word":"abc1"}""", "word")]
    [InlineData("""{"long":"a"}""", "long")]
    [InlineData("""{"items":[{"name":"abcd"}]}""", "items[0].name")]
    [InlineData("""{"items":[{"name":"a","inner":[{"name":"abcd"}]}]}""", "inner[0].name")]
    [InlineData("""{"named":{"x":{"name":"abcd"}}}""", "named")]
    [Trait("id", "F5.65-28")]
    public async Task What_breaks_a_bound_is_refused_by_its_place_however_deep(string parameters, string? place)
    {
        var failure = (await room.CallAsync("bound", parameters)).Failure;

        Assert.Equal(place is null ? null : "INVALID_INPUT", failure?.Code);
        if (place is not null) Assert.Contains(place, failure!.Message, StringComparison.Ordinal);
    }
}
