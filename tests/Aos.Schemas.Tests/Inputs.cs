namespace Aos.Schemas.Tests;

/// <summary>What a plan asks of its caller.</summary>
public sealed class Inputs
{
    private const string Declared = """
        {"month":{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}$"},"limit":{"type":"integer","minimum":1,"default":10},"note":{"type":["string","null"],"default":null}}
        """;

    [Fact]
    public void Defaults_are_put_in()
    {
        var (inputs, refusal) = Admission.Inputs(Plan(Declared), Json.Parse("""{"month":"2026-01"}"""));

        Assert.Null(refusal);
        Assert.Equal("""{"limit":10,"month":"2026-01","note":null}""", CanonicalJson.Text(inputs));
    }

    [Fact]
    public void What_is_given_stands_above_the_default() =>
        Assert.Equal("""{"limit":3,"month":"2026-01","note":"x"}""", CanonicalJson.Text(
            Admission.Inputs(Plan(Declared), Json.Parse("""{"month":"2026-01","limit":3,"note":"x"}""")).Inputs));

    [Theory]
    [InlineData("{}", "inputs.month", "is missing")]
    [InlineData("null", "inputs.month", "is missing")]
    [InlineData("""{"month":"January"}""", "inputs.month", "must match")]
    [InlineData("""{"month":"2026-01","limit":0}""", "inputs.limit", "at least 1")]
    [InlineData("""{"month":"2026-01","limt":1}""", "inputs.limt", "did you mean limit?")]
    [InlineData("[]", "inputs", "must be an object")]
    public void What_does_not_fit_is_refused_by_name(string given, string path, string message)
    {
        var failure = Admission.Inputs(Plan(Declared), Json.Parse(given)).Refusal!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.StartsWith(path, failure.Message, StringComparison.Ordinal);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal(path, failure.Details!.Value.GetProperty("problems")[0].GetText("path"));
    }

    [Fact]
    public void A_plan_that_declares_nothing_takes_anything() =>
        Assert.Null(Admission.Inputs(PlanReader.Read(Json.Parse("""{"name":"p","steps":[{"id":"s","sleep":"1s"}]}"""), Skills).Plan!, Json.Parse("""{"a":1}""")).Refusal);

    [Theory]
    [InlineData("""{"a":{"type":"text"}}""", "inputs.a.type")]
    [InlineData("""{"a":3}""", "inputs.a")]
    [InlineData("[]", "inputs")]
    [InlineData("""{"a":{"type":"integer","default":"x"}}""", "inputs.a.default")]
    public void A_wrong_schema_is_a_problem_of_the_plan(string declared, string path)
    {
        var problem = Assert.Single(Read(declared).Problems);

        Assert.Equal(("INVALID_PLAN", path), (problem.Code, problem.Path));
    }

    private static readonly Dictionary<string, SkillTerms> Skills = [];

    private static PlanReading Read(string declared) => PlanReader.Read(Json.Parse($$"""{"inputs":{{declared}},"steps":[{"id":"s","sleep":"1s"}]}"""), Skills);

    private static Plan Plan(string declared) => Read(declared).Plan!;
}
