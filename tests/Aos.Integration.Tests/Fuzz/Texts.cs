using System.Text;
using Aos.App.Cli;

namespace Aos.Integration.Tests.Fuzz;

/// <summary>Hostile texts to the readers of files and bodies: a value, or a refusal that names the place.</summary>
[Trait("store", "none")]
public sealed class Texts
{
    private static readonly int Seeds = 400 * (int.TryParse(Environment.GetEnvironmentVariable("AOS_FUZZ_SEEDS"), out var seeds) ? seeds : 2);

    [Fact]
    public void A_plan_file_is_read_or_refused_with_its_name()
    {
        var refused = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var bytes = new Hostile(seed).File();
            try
            {
                var plan = PlanFile.Parse(bytes, "p.yaml");
                PlanReader.Read(plan, new Dictionary<string, SkillTerms>(), allowUnknownSkills: true);
            }
            catch (PlanFileException e)
            {
                refused++;
                Assert.StartsWith("p.yaml", e.Message, StringComparison.Ordinal);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}\n{Encoding.UTF8.GetString(bytes)}");
            }
        }

        Assert.InRange(refused, 1, Seeds - 1);
    }

    [Fact]
    public void A_body_is_read_or_refused_with_a_place_inside_it()
    {
        var refused = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var bytes = new Hostile(seed).Body();
            try
            {
                ReadAll(JsonText.Read(bytes));
            }
            catch (JsonTextException e)
            {
                refused++;
                Assert.InRange(e.Offset, 0, bytes.Length);
                Assert.True(e.Line >= 1);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        Assert.InRange(refused, 1, Seeds - 1);
    }

    /// <summary>What was accepted can be read to the last character.</summary>
    private static void ReadAll(System.Text.Json.JsonElement value)
    {
        switch (value.ValueKind)
        {
            case System.Text.Json.JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Assert.NotNull(member.Name);
                    ReadAll(member.Value);
                }

                break;
            case System.Text.Json.JsonValueKind.Array:
                foreach (var item in value.EnumerateArray()) ReadAll(item);
                break;
            case System.Text.Json.JsonValueKind.String:
                Assert.NotNull(value.GetString());
                break;
        }
    }
}
