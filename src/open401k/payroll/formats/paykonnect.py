"""Pay(k)onnect CSV (180 file), as Empower and others publish it. Elections and year-to-date mirrors are read over."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout, Writing

_MONEY_TYPES = {
    "401K": Field.PRE_TAX,
    "ROTH_401K": Field.ROTH,
    "401K_CATCHUP": Field.PRE_TAX_CATCH_UP,
    "ROTH_401K_CATCHUP": Field.ROTH_CATCH_UP,
    "Company_Match": Field.MATCH,
}
_CENSUS = """
Plan_Number Plan_Name EIN Company_ID Division Payroll_Date Payroll_Start_Date Ending_Payroll_date Payroll_Run_Type
Pay_Cycle SSN Employee_ID First_Name Middle_Name Last_Name Name_Suffix Birth_Date Gender Marital_Status
Address_Line_1 Address_Line_2 City State Zip_Code Country_Code Home_Phone_Number Work_Phone_Number Work_Phone_Ext
Email_Address Work_Email_Address Hire_Date Termination_Date ReHire_Date Pay_Group Employee_Category Employee_Pay_Type
Employee_WorkStatus_Code Employee_Status_Code Employee_Type Employee_Department Employee_Location_Code
Pay_Period_Hours Pay_Period_Gross_Wages Pay_Period_Plan_Wages Pay_Period_Excluded_Wages YTD_Hours_Worked
YTD_Total_Compensation YTD_Plan_Compensation YTD_Excluded_Compensation Officer_Type Ownership_Percentage
Highly_Comp_Code Participation_Date Eligibility_Code Salary_Amount Termination_Reason_Code Adjusted_Service_Date
Match_Eligibility_Date Annual_Salary Hourly_Rate Earnings Earnings_YTD
"""
_MONEY = tuple(
    heading
    for kind in _MONEY_TYPES
    for heading in (f"CONT_{kind}", f"CONT_YTD_{kind}", f"CONT_Contribution_%_{kind}", f"CONT_Contribution_$_{kind}")
)

LAYOUT = Layout(
    name="paykonnect",
    title="Pay(k)onnect CSV",
    published=(*_CENSUS.split(), *_MONEY, "LOAN_Ref_Number", "LOAN_Amount"),
    fields={
        "SSN": Field.SSN,
        "First_Name": Field.FIRST_NAME,
        "Last_Name": Field.LAST_NAME,
        "Birth_Date": Field.BIRTH_DATE,
        "EIN": Field.EMPLOYER_EIN,
        "Employee_ID": Field.EMPLOYEE_NUMBER,
        "Pay_Group": Field.PAY_GROUP,
        "Employee_Status_Code": Field.EMPLOYMENT_STATUS,
        "Hire_Date": Field.HIRE_DATE,
        "ReHire_Date": Field.REHIRE_DATE,
        "Termination_Date": Field.TERMINATION_DATE,
        "Payroll_Date": Field.PAY_DATE,
        "Payroll_Start_Date": Field.PERIOD_START,
        "Ending_Payroll_date": Field.PERIOD_END,
        "Pay_Period_Hours": Field.HOURS,
        "Pay_Period_Gross_Wages": Field.GROSS,
        "Pay_Period_Plan_Wages": Field.PLAN_COMPENSATION,
        **{f"CONT_{money_type}": meaning for money_type, meaning in _MONEY_TYPES.items()},
        "LOAN_Ref_Number": Field.LOAN_REF,
        "LOAN_Amount": Field.LOAN_PAYMENT,
    },
    required=frozenset({"SSN", "First_Name", "Last_Name", "Payroll_Date", "Pay_Period_Gross_Wages", "CONT_401K"}),
    reading=Reading(dates=DateOrder.US, blank_is_zero=True),
    writing=Writing(quoted=True, dashed_ssn=True, file_name="{plan}_{at:%d%m%Y}_{at:%H%M%S}{milliseconds}.csv"),
    remarks=("The elections beside each amount and the year-to-date columns are read over, and written blank.",),
)
