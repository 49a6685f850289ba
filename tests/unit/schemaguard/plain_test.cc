/* SPDX-License-Identifier: MIT */
/* Plain members (guard-quick-plain.h): what is taken without a run, and where that
 * ends. IsValid() compares with the machine. */
#include "guard-test-support.h"

#include <random>
#include <vector>

namespace {

const char schema[] = R"({
    "type": "object",
    "required": ["city"],
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "ratio": {"type": "number"},
        "live": {"type": "boolean"},
        "unit": {"enum": ["c", "K", "a word of more than sixteen bytes"]},
        "any": {},
        "hour": {"type": "integer", "minimum": 0, "maximum": 23},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
        "pairs": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        "sums": {"type": "array", "items": {"type": "number"}, "uniqueItems": true}
    }
})";

const char *const texts[] = {
    R"({"city": "Riga", "days": 7, "ratio": -12.50, "live": true, "unit": "K", "any": 1.5})",
    R"({"city":"a text of more than sixteen bytes","days":-1,"live":false,"tags":["a", "b"]})",
    R"({"days": 123456789012345, "city": "", "hour": 23, "tags": ["x"], "any": "y"})",
    R"({"city": "q", "unit": "a word of more than sixteen bytes", "pairs": [[1, 2], []]})",
    R"({"tags": ["a","b","c"], "sums": [1, 2.5], "city": "z", "days": 0, "ratio": 0.25})",
    R"({"any": {"a": [1]}, "city": "caf\u00e9", "new": null, "days": 1e2, "any2": []} )",
};

TEST(GuardPlain, AgreesOnTextsWithAByteChanged)
{
    Guard guard = MakeGuard(schema);
    std::mt19937 random(5);
    const std::string bytes = "{}[]\",:\\ 0123-.eEtfnu\n\x80\xC3x";
    int valid = 0;
    for (const char *source : texts) {
        EXPECT_TRUE(IsValid(guard, source)) << source;
        for (int i = 0; i < 4000; i++) {
            std::string text = source;
            size_t at = random() % text.size();
            size_t from = random() % text.size();
            switch (random() % 4) {
            case 0:
                text[at] = bytes[random() % bytes.size()];
                break;
            case 1:
                text.erase(at, 1 + random() % 4);
                break;
            case 2:
                text.insert(at, 1, bytes[random() % bytes.size()]);
                break;
            default:
                text.insert(at, text.substr(from, random() % 12));
            }
            valid += IsValid(guard, text);
        }
    }
    EXPECT_GT(valid, 1000);
}

TEST(GuardPlain, TakesNumbersOfEveryLength)
{
    Guard guard = MakeGuard(schema);
    for (size_t whole = 1; whole <= 40; whole++) {
        std::string digits(whole, '7');
        for (const char *before : {"", "-", "0", "-0", "+"}) {
            bool right = before[0] == '\0' || std::string(before) == "-";
            for (const char *behind : {"}", ",\"live\":true}", " }"}) {
                std::string text =
                    "{\"city\":\"\",\"days\":" + std::string(before) + digits;
                EXPECT_EQ(IsValid(guard, text + behind), right) << text << behind;
                EXPECT_FALSE(IsValid(guard, text + "." + behind)) << text << behind;
                EXPECT_FALSE(IsValid(guard, text + ".5" + behind)) << text << behind;
                EXPECT_EQ(IsValid(guard, text + ".0" + behind), right)
                    << text << behind;
            }
        }
        for (size_t fraction = 1; fraction <= 40; fraction++) {
            std::string text =
                "{\"city\":\"\",\"ratio\":" + digits + "." + std::string(fraction, '3');
            EXPECT_TRUE(IsValid(guard, text + "}")) << text;
            EXPECT_TRUE(IsValid(guard, text + "e3}")) << text;
            EXPECT_FALSE(IsValid(guard, text + ".1}")) << text;
            EXPECT_FALSE(IsValid(guard, text + "e}")) << text;
        }
    }
}

TEST(GuardPlain, ComparesNamesAndWordsOfEveryLengthToTheirLastByte)
{
    for (size_t length = 1; length <= 50; length++) {
        std::string name(length, 'n');
        Guard guard = MakeGuard(R"({"additionalProperties": false, "properties": {")" +
                                name + R"(": {"enum": [")" + name + R"("]}}})");
        auto text = [](const std::string &key, const std::string &word) {
            return "{\"" + key + "\": \"" + word + "\"}";
        };
        EXPECT_TRUE(IsValid(guard, text(name, name)));
        EXPECT_FALSE(IsValid(guard, text(name + "n", name)));
        EXPECT_FALSE(IsValid(guard, text(name, name + "n")));
        EXPECT_FALSE(IsValid(guard, text(name, name.substr(1))));
        for (size_t at = 0; at < length; at++) {
            std::string other = name;
            other[at] = 'm';
            EXPECT_FALSE(IsValid(guard, text(other, name))) << other;
            EXPECT_FALSE(IsValid(guard, text(name, other))) << other;
        }
    }
}

TEST(GuardPlain, LooksBehindTheObject)
{
    Guard guard = MakeGuard(schema);
    const std::string text = texts[0];
    EXPECT_TRUE(IsValid(guard, text + "\n"));
    EXPECT_TRUE(IsValid(guard, text + " \r\n\t "));
    EXPECT_FALSE(IsValid(guard, text + "}"));
    EXPECT_FALSE(IsValid(guard, text + " {}"));
    EXPECT_FALSE(IsValid(guard, text + std::string(1, '\0')));
    EXPECT_FALSE(IsValid(guard, text.substr(0, text.size() - 1)));
}

TEST(GuardPlain, CountsListsAsLevels)
{
    SchemaGuardOptions options = {};
    for (unsigned depth = 1; depth <= 3; depth++) {
        options.depth_max = depth;
        Guard guard = MakeGuard(schema, &options);
        EXPECT_TRUE(IsValid(guard, R"({"city": ""})"));
        EXPECT_EQ(IsValid(guard, R"({"city": "", "tags": ["a"]})"), depth >= 2);
        EXPECT_EQ(IsValid(guard, R"({"city": "", "pairs": [[1]]})"), depth >= 3);
        EXPECT_EQ(IsValid(guard, R"({"city": "", "any": {"a": []}})"), depth >= 3);
    }
}

TEST(GuardPlain, TellsDependentSchemasWhatWasThere)
{
    Guard guard = MakeGuard(R"({
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "dependentSchemas": {"a": false, "b": {"required": ["c"]}}
    })");
    EXPECT_TRUE(IsValid(guard, "{}"));
    EXPECT_FALSE(IsValid(guard, R"({"a": 1})"));
    EXPECT_FALSE(IsValid(guard, R"({"b": 1})"));
    EXPECT_TRUE(IsValid(guard, R"({"b": 1, "c": 2})"));
}

TEST(GuardPlain, LetsTheMachineDecideOnRepeatedNames)
{
    SchemaGuardOptions options = {};
    const char *repeated = R"({"city": "a", "days": 1, "city": "b"})";
    EXPECT_FALSE(IsValid(MakeGuard(schema), repeated));
    options.allows_duplicates = true;
    EXPECT_TRUE(IsValid(MakeGuard(schema, &options), repeated));
}

} // namespace
