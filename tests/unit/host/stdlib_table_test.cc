/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "stdlib-table.h"

TEST(StdlibTable, NamesAreSortedAndFound)
{
    ASSERT_GT(stdlib_table_count(), 300u);
    std::string before;
    for (size_t i = 0; i < stdlib_table_count(); i++) {
        StdlibEntry entry = stdlib_table_at(i), found;
        EXPECT_LT(before, entry.name);
        ASSERT_TRUE(stdlib_table_find(entry.name, &found)) << entry.name;
        EXPECT_EQ(found.index, i);
        before = entry.name;
    }
}

TEST(StdlibTable, EveryEntryDecodes)
{
    for (size_t i = 0; i < stdlib_table_count(); i++) {
        StdlibEntry entry = stdlib_table_at(i);
        std::vector<char> buffer(entry.size + 1, '\xa5');
        g_autoptr(GError) error = nullptr;
        ASSERT_TRUE(stdlib_table_read(&entry, buffer.data(), &error)) << entry.name;
        EXPECT_EQ(buffer[entry.size], '\xa5') << "wrote past the end";
        if (!entry.is_data) { /* marshalled code, with or without a reference flag */
            EXPECT_EQ(buffer[0] & 0x7f, 'c') << entry.name;
        }
    }
}

TEST(StdlibTable, UnknownNamesAreNotFound)
{
    StdlibEntry entry;
    for (const char *name : {"", "jso", "jsonx", "json.", "zzzz", "json/decoder"})
        EXPECT_FALSE(stdlib_table_find(name, &entry)) << name;
}

TEST(StdlibTable, LowerBoundStartsAScan)
{
    size_t index = stdlib_table_lower_bound("json.");
    EXPECT_STREQ(stdlib_table_at(index).name, "json.decoder");
    EXPECT_STREQ(stdlib_table_at(index - 1).name, "json");
    EXPECT_EQ(stdlib_table_lower_bound("zzzz"), stdlib_table_count());
}

TEST(StdlibTable, LeftOutModulesSayWhatToDo)
{
    EXPECT_NE(std::strstr(stdlib_table_left_out("tkinter"), "vendor"), nullptr);
    EXPECT_NE(stdlib_table_left_out("tkinter.ttk"), nullptr);
    EXPECT_EQ(stdlib_table_left_out("tkinterx"), nullptr);
    EXPECT_EQ(stdlib_table_left_out("json"), nullptr);
}
