namespace Aos.Kernel.Tests.Proof;

/// <summary>Canonical JSON and chance of our own, pinned so that another language can do the same.</summary>
public sealed class OwnVectors
{
    [Theory]
    [InlineData("""{"b":1,"a":[true,false,null]}""", """{"a":[true,false,null],"b":1}""")]
    [InlineData("""{"n":1.50,"m":1e2,"z":-0.0,"s":0.10e-3}""", """{"m":100,"n":1.5,"s":0.0001,"z":0}""")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\"é€😀\"")]
    [InlineData("\"\\u0000\\u001f\\b\\f\\n\\r\\t\\/\\u007f\"", "\"\\u0000\\u001f\\b\\f\\n\\r\\t/\u007f\"")]
    [InlineData("{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"\\u20ac\":3,\"1\":4,\"\\r\":5}", "{\"\\r\":5,\"1\":4,\"€\":3,\"😀\":2,\"\ufb33\":1}")]
    public void Canonical_text_is_as_specified(string json, string canonical) => Assert.Equal(canonical, CanonicalJson.Text(Json.Parse(json)));

    [Theory]
    [InlineData("""{"a":{"b":1e29}}""", "$.a.b")]
    [InlineData("1e400", "$")]
    public void A_number_that_would_lose_digits_is_an_error_with_its_place(string json, string path) =>
        Assert.Equal(path, Assert.Throws<CanonicalJsonException>(() => CanonicalJson.Text(Json.Parse(json))).Path);

    [Fact]
    [Trait("id", "W-15")]
    public void The_seed_is_spread_by_splitmix64()
    {
        var mix = new SplitMix64(1234567);

        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            new[] { mix.Next(), mix.Next(), mix.Next(), mix.Next(), mix.Next() });
    }

    [Fact]
    [Trait("id", "W-15")]
    public void Chance_is_xoshiro256_starstar()
    {
        var chance = new Chance(1, 2, 3, 4);

        Assert.Equal(
            [
                11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625, 8476171486693032832,
                10595114339597558777, 2904607092377533576,
            ],
            Enumerable.Range(0, 10).Select(_ => chance.Next()));
    }

    [Fact]
    public void Chance_below_a_bound_stays_below_and_reaches_every_value()
    {
        var chance = new Chance(7);
        var drawn = Enumerable.Range(0, 200).Select(_ => chance.Below(6)).ToList();

        Assert.Equal([0UL, 1, 2, 3, 4, 5], drawn.Distinct().Order().ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => chance.Below(0));
    }

    [Fact]
    [Trait("id", "W-15")]
    public void The_chance_of_a_step_follows_from_the_run_s_seed_and_differs_by_step()
    {
        Assert.Equal(new Chance(Seeds.Step(42, 3)).Next(), Chance.OfStep(42, 3).Next());
        Assert.NotEqual(Chance.OfStep(42, 3).State(), Chance.OfStep(42, 4).State());
        Assert.Matches("^[0-9a-f]{16}$", Chance.OfStep(42, 3).State());
    }

    [Theory]
    [InlineData(0UL, 0, "5183ceed1d551608", 10091663549188853184UL, 17063119739189991657UL)]
    [InlineData(42UL, 0, "fc9ea9a18f6b52ab", 12695390513877678942UL, 11887196770337992362UL)]
    [InlineData(42UL, 1, "3e2d5df198b4067c", 9082024983158180794UL, 4572935315345985088UL)]
    [InlineData(777UL, 3, "43a3440be901c087", 17686479169688715914UL, 2684443835284096520UL)]
    [InlineData(18446744073709551615UL, 2, "6f1026dff31c07c1", 2338973726791012377UL, 4685373911607109440UL)]
    [Trait("id", "W-15")]
    public void The_chance_of_a_step_is_the_same_in_every_language(ulong seed, int step, string state, ulong first, ulong second)
    {
        var chance = Chance.OfStep(seed, step);

        Assert.Equal((state, first, second), (chance.State(), chance.Next(), chance.Next()));
    }

    [Fact]
    [Trait("id", "W-15")]
    public void No_seed_draws_the_same_number_for_ever_and_zero_is_a_seed_like_any_other()
    {
        foreach (var seed in (ulong[])[0, 1, 42, ulong.MaxValue])
        {
            var chance = Chance.OfStep(seed, 0);
            var states = Enumerable.Range(0, 100).Select(_ => (chance.State(), chance.Next())).ToList();

            Assert.Equal(100, states.Select(drawn => drawn.Item1).Distinct().Count()); // The state goes on with every draw.
            Assert.Equal(100, states.Select(drawn => drawn.Item2).Distinct().Count());
        }
    }
}
