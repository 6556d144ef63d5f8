using System.Globalization;

namespace Aos.Kernel.Tests.Proof;

/// <summary>What the SDKs compute, to the bit. The numbers are theirs.</summary>
public sealed class SdkVectors
{
    [Theory]
    [InlineData("""{"x":1}""", "5041bf1f713df204")]
    [InlineData("""{"y":2}""", "9a51a7767c3d6fba")]
    [InlineData("{}", "44136fa355b3678a")]
    [InlineData("[]", "4f53cda18c2baa0c")]
    [InlineData("null", "74234e98afe7498f")]
    [InlineData("""{"y":2,"x":1}""", "689a8f1db9540258")]
    [InlineData("""{"result":3}""", "ea55a943aa0142b4")]
    [InlineData("""{"a":1,"b":"é"}""", "6071e7aa781e8adc")]
    [InlineData("""{"b":2,"a":1,"c":{"z":26,"y":25}}""", "5f3dc65844e1d651")]
    public void Data_has_the_hash_that_the_SDK_gives_it(string json, string hash) => Assert.Equal(hash, PythonJson.HashData(Json.Parse(json)));

    [Fact]
    public void The_spaced_form_is_what_the_old_server_hashed() =>
        Assert.Equal("71bb65f507635269", PythonJson.Sha(PythonJson.Spaced(Json.Parse("""{"y":2}""")))[..16]);

    [Fact]
    public void The_spaced_form_is_what_old_checkpoints_hashed() => Assert.Equal(
        "60275049fca3524a",
        PythonJson.Sha(PythonJson.Spaced(Json.Parse("""{"run_id":"r-1","next_step_index":2,"status":"running","step_outputs":{"a":{"x":1},"b":{"y":2}}}""")))[..16]);

    [Theory]
    [InlineData("1.0", "1.0")]
    [InlineData("-0.0", "-0.0")]
    [InlineData("-0", "0")]
    [InlineData("1e16", "1e+16")]
    [InlineData("1E15", "1000000000000000.0")]
    [InlineData("1e-7", "1e-07")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("0.00001", "1e-05")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("-12.50", "-12.5")]
    [InlineData("1e400", "Infinity")]
    public void Numbers_are_written_as_Python_writes_them(string json, string text) => Assert.Equal(text, PythonJson.Compact(Json.Parse(json)));

    [Fact]
    public void Texts_are_escaped_and_names_sorted_as_Python_does_it()
    {
        var value = Json.Parse("{\"\\ud83d\\ude00\":1,\"\\uffff\":2,\"a\":\"\\u007f/\\\"\\\\\\b\\t\\u0001\"}");

        Assert.Equal("{\"a\":\"\\u007f/\\\"\\\\\\b\\t\\u0001\",\"\\uffff\":2,\"\\ud83d\\ude00\":1}", PythonJson.Compact(value));
    }

    [Theory]
    [InlineData(12345UL, 1789368711U, 3146859322U)]
    [InlineData(15554826178763638935UL, 600709152U, 640112558U)]
    public void The_twister_gives_Python_s_words(ulong seed, uint first, uint second)
    {
        var random = new PythonRandom(seed);

        Assert.Equal((first, second), (random.Next(), random.Next()));
    }

    [Fact]
    [Trait("id", "W-15")]
    public void The_twister_draws_what_the_SDK_draws()
    {
        Assert.Equal(82, new PythonRandom(42).RandInt(1, 100));
        var numbers = new PythonRandom(42);
        Assert.Equal([654, 114, 25, 759, 281], Enumerable.Range(0, 5).Select(_ => numbers.RandInt(0, 1000)));
        var fractions = new PythonRandom(42);
        Assert.Equal([0.6394267984578837, 0.025010755222666936, 0.27502931836911926], Enumerable.Range(0, 3).Select(_ => fractions.Random()));
        Assert.Equal("390c8c7d-7247-342c-d810-0f2f6f770d65", new PythonRandom(42).Uuid());
        var choices = new PythonRandom(42);
        Assert.Equal(["a", "a", "c", "b", "b"], Enumerable.Range(0, 5).Select(_ => choices.Choice(["a", "b", "c", "d", "e"])));
        var items = Enumerable.Range(1, 10).ToList();
        new PythonRandom(42).Shuffle(items);
        Assert.Equal([8, 4, 3, 9, 6, 7, 10, 5, 1, 2], items);
    }

    [Theory]
    [InlineData(12345UL, 0, 1000, 213)]
    [InlineData(12345UL, 1, 1000, 84)]
    [InlineData(12345UL, 2, 1000, 181)]
    [InlineData(99999UL, 0, 500, 30)]
    [InlineData(99999UL, 1, 500, 180)]
    [InlineData(99999UL, 2, 500, 46)]
    [InlineData(15554826178763638935UL, 0, 1000, 71)]
    public void The_jitter_of_the_old_engine_comes_out(ulong seed, int attempt, int backoff, int jitter) =>
        Assert.Equal(jitter, new PythonRandom(seed ^ (ulong)attempt).RandInt(0, Math.Max(1, backoff / 2)));

    [Theory]
    [InlineData(42UL, "bd82c3bab6a41545")]
    [InlineData(0UL, "3d97a7679701ee6c")]
    [InlineData(1UL, "f0ebd535e64a7c90")]
    [InlineData(777UL, "bdf8a557949ab19f")]
    [InlineData(1337UL, "b9d7dd9bea3a2091")]
    public void The_twister_s_state_has_the_SDK_s_hash(ulong seed, string state) => Assert.Equal(state, new PythonRandom(seed).State());

    [Fact]
    public void A_draw_of_more_than_32_bits_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new PythonRandom(1).RandInt(0, 1L << 32));

    [Fact]
    [Trait("id", "W-15")]
    public void The_JavaScript_generator_draws_what_its_SDK_draws()
    {
        var random = new JsRandom(42);

        Assert.Equal("ddf18a65a20fd2d7", random.State());
        Assert.Equal([2, 660, 111, 850, 876], Enumerable.Range(0, 5).Select(_ => random.RandInt(0, 1000)));
        Assert.Equal(0, new JsRandom(0).Random());
    }

    [Theory]
    [InlineData(12345UL, 0, 15554826178763638935UL)]
    [InlineData(12345UL, 1, 12451472201012505513UL)]
    [InlineData(42UL, 0, 6085284259181818738UL)]
    [InlineData(0UL, 0, 12426054289685354689UL)]
    [InlineData(99999UL, 3, 10947340917051635910UL)]
    [Trait("id", "B8.1-01")]
    public void A_step_s_seed_follows_from_the_run_s(ulong seed, int step, ulong expected) => Assert.Equal(expected, Seeds.Step(seed, step));

    [Fact]
    public void Delays_between_tries_are_seeded()
    {
        var clause = new RetryClause(5, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 2);

        Assert.Equal([96, 180, 424, 815, 1582], Enumerable.Range(1, 5).Select(attempt => (int)Backoff.Delay(clause, attempt, 42).TotalMilliseconds));
    }

    [Fact]
    public void The_determinism_hash_and_signature_are_the_server_s()
    {
        var step = new TraceStep(
            0, "http_call", Json.Parse("""{"url":"https://example.test","n":1}"""), "success", "SUCCESS", null, null, Cents.Zero, TimeSpan.Zero, 0, DateTimeOffset.UnixEpoch);

        Assert.Equal("0d3b91b7a6424bda", step.Hash());
        Assert.Equal("6b45bf1670b80ab060d23ba4c5b7fade", Parity.Signature([step]));
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb924", Parity.Signature([]));
    }

    [Fact]
    public void A_golden_file_is_signed_over_its_bytes()
    {
        var line = "{\"data\":{\"status\":\"completed\"},\"event_type\":\"run_end\",\"run_id\":\"r-1\",\"timestamp\":\"2025-01-01T00:00:00+00:00\"}\n"u8;

        Assert.Equal("6e9dad3846c96e66ff4abe96ba911faa7c9c4970a4b6158ed59ab302b39eed88", Golden.Sign(line, "k1"));
        Assert.True(Golden.Verify(line, "6e9dad3846c96e66ff4abe96ba911faa7c9c4970a4b6158ed59ab302b39eed88\n", "k1"));
        Assert.False(Golden.Verify(line, Golden.Sign(line, "k2"), "k1"));
    }

    [Fact]
    public void A_golden_output_is_hashed_in_its_canonical_form()
    {
        var output = Json.Parse(
            """{"step_id":"s1","success":true,"output":{"value":42,"Ts":"x","price":1.23456789,"note":null},"error":null,"error_code":null,"recovery_hint":null,"duration_ms":17,"cost_cents":10,"retries":0}""");

        Assert.Equal("c2b6a0da8b68545a", Golden.Hash(output));
        var line = "{\"data\":{\"output\":" + output.GetRawText() + ",\"output_hash\":\"c2b6a0da8b68545a\"}}";
        Assert.Equal(-1, Golden.FirstWrongOutput([line, ""]));
        Assert.Equal(1, Golden.FirstWrongOutput([line, "", line.Replace("\"value\":42", "\"value\":43", StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("0.5000005", "0.5")]
    [InlineData("2.0078125", "2.007812")]
    [InlineData("0.0234375", "0.023438")]
    [InlineData("1.23456789", "1.234568")]
    [InlineData("1e300", "1e+300")]
    public void Golden_fractions_are_rounded_half_to_even(string number, string text) =>
        Assert.Equal(text, double.Parse(Golden.Canonical(Json.Parse(number)).GetRawText(), CultureInfo.InvariantCulture) is var rounded ? PythonJson.Float(rounded) : "");

    [Fact]
    public void Golden_names_fall_together_in_lower_case() =>
        Assert.Equal("""{"a":1,"b":[null]}""", Golden.Canonical(Json.Parse("""{"a":2,"A":1,"TS":3,"b":[null],"c":null}""")).GetRawText());
}
