/* SPDX-License-Identifier: MIT */
/* What the guard's unit tests share: guards and reports from literals. */
#pragma once

#include "schema-guard.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

struct GuardDeleter {
    void
    operator()(SchemaGuard *guard) const
    {
        schema_guard_unref(guard);
    }
    void
    operator()(SchemaGuardReport *report) const
    {
        schema_guard_report_unref(report);
    }
};

using Guard = std::unique_ptr<SchemaGuard, GuardDeleter>;
using Report = std::unique_ptr<SchemaGuardReport, GuardDeleter>;

inline Guard
MakeGuard(const std::string &schema, const SchemaGuardOptions *options = nullptr)
{
    GError *error = nullptr;
    Guard guard(schema_guard_new(schema.data(), schema.size(), options, &error));
    EXPECT_EQ(error, nullptr) << (error ? error->message : "");
    g_clear_error(&error);
    return guard;
}

inline bool
IsValid(const Guard &guard, const std::string &text)
{
    bool valid = schema_guard_is_valid(guard.get(), text.c_str(), text.size());
    Report report(schema_guard_report(guard.get(), text.c_str(), text.size()));
    EXPECT_EQ(valid, schema_guard_report_count(report.get()) == 0) << text;
    return valid;
}

inline Report
MakeReport(const Guard &guard, const std::string &text)
{
    return Report(schema_guard_report(guard.get(), text.c_str(), text.size()));
}
